using System.Text;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Emitting;

public sealed class FileSinkTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ndjson_writes_one_document_a_line()
    {
        using var folder = new TestFolder();
        string path = folder.File("a.ndjson");
        await using (var sink = new NdjsonSink(path))
        {
            await sink.OpenAsync(Stop);
            await sink.WriteAsync(TestRecords.Batch(0, 100, 2000));
            await sink.WriteAsync(TestRecords.Batch(100, 1));
            await sink.FlushAsync(Stop);
            Assert.Equal((101, 101, 0), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed));
            Assert.Equal(new FileInfo(path).Length - 101, sink.Counts.Bytes);
        }

        string[] lines = await File.ReadAllLinesAsync(path, Stop);
        Assert.Equal(101, lines.Length);
        Assert.Equal(Encoding.UTF8.GetString(TestRecords.JsonOf(99, 2000)), lines[99]);
        Assert.Equal(Encoding.UTF8.GetString(TestRecords.JsonOf(100)), lines[100]);
    }

    [Fact]
    public async Task Avro_counts_a_record_as_delivered_when_its_block_is_in_the_file()
    {
        using var folder = new TestFolder();
        string path = folder.File("a.avro");
        await using var sink = new AvroFileSink(path, TestRecords.Schema);
        await sink.OpenAsync(Stop);
        await sink.WriteAsync(TestRecords.Batch(0, 100));
        Assert.Equal((100, 0), (sink.Counts.Accepted, sink.Counts.Delivered));
        await sink.WriteAsync(TestRecords.Batch(100, 100, 1000));
        Assert.InRange(sink.Counts.Delivered, 100, 199);
        Assert.Equal(sink.Counts.Delivered, RecordsIn(path));
        await sink.FlushAsync(Stop);
        Assert.Equal((200, 200, 0), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Open));
        Assert.Equal(200, RecordsIn(path));
    }

    [Fact]
    public async Task Files_are_for_owner_and_group_and_are_emptied_first()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no file modes");
        using var folder = new TestFolder();
        string path = folder.File("a.ndjson");
        for (int run = 0; run < 2; run++)
        {
            await using var sink = new NdjsonSink(path);
            await sink.OpenAsync(Stop);
            await sink.WriteAsync(TestRecords.Batch(0, 3));
        }

        Assert.Equal(3, (await File.ReadAllLinesAsync(path, Stop)).Length);
        UnixFileMode mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);
        Assert.Equal(default, mode & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead));
        Assert.True(mode.HasFlag(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Theory]
    [InlineData("avro:/dev/full")]
    [InlineData("ndjson:/dev/full")]
    public async Task A_full_disk_is_named_and_nothing_counts_as_delivered(string uri)
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "no /dev/full");
        await using ISpiSink sink = SinkFactory.Create(uri, new SinkSettings { Schema = static () => TestRecords.Schema });
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(async () =>
        {
            await sink.OpenAsync(Stop);
            await sink.WriteAsync(TestRecords.Batch(0, 10));
            await sink.FlushAsync(Stop);
        });
        Assert.StartsWith("/dev/full: writing failed: No space left on device;", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, sink.Counts.Delivered);
        Assert.Equal(0, sink.Counts.Open);
    }

    [Theory]
    [InlineData(AvroCodec.Null)]
    [InlineData(AvroCodec.Zstandard)]
    public async Task When_the_disk_fills_up_an_avro_file_ends_with_its_last_whole_block(AvroCodec codec)
    {
        using var folder = new TestFolder();
        string path = folder.File("a.avro");
        await using (
            var sink = new AvroFileSink(
                path,
                TestRecords.Schema,
                codec,
                () => new FullDisk(path, codec == AvroCodec.Null ? 150_000 : 1_200)
            )
        )
        {
            await sink.OpenAsync(Stop);
            await Assert.ThrowsAsync<FlowPipeException>(async () =>
            {
                for (int i = 0; i < 100; i++)
                {
                    await sink.WriteAsync(TestRecords.Batch(100 * i, 100, 1000));
                }
            });
            await sink.FlushAsync(Stop); // writes nothing more
            Assert.True(sink.Counts.Delivered > 0);
            Assert.True(sink.Counts.Failed > 0);
            Assert.Equal(0, sink.Counts.Open);
            Assert.Equal(sink.Counts.Delivered, RecordsIn(path));
        }
    }

    [Fact]
    public async Task When_the_disk_fills_up_a_file_of_lines_ends_with_its_last_whole_line()
    {
        using var folder = new TestFolder();
        string path = folder.File("a.ndjson");
        await using var sink = new NdjsonSink(path, () => new FullDisk(path, 10_000));
        await sink.OpenAsync(Stop);
        await sink.WriteAsync(TestRecords.Batch(0, 5, 1000));
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(async () =>
            await sink.WriteAsync(TestRecords.Batch(5, 10, 1000))
        );
        Assert.Contains("the 9 records written before are kept", e.Message, StringComparison.Ordinal);
        Assert.Equal((15, 9, 6), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed));
        string text = await File.ReadAllTextAsync(path, Stop);
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        Assert.Equal(9, text.Count(c => c == '\n'));
        await Assert.ThrowsAsync<FlowPipeException>(async () => await sink.WriteAsync(TestRecords.Batch(15, 1)));
        Assert.Equal(0, sink.Counts.Open);
    }

    [Theory]
    [InlineData("{0}/missing/a", "no such directory")]
    [InlineData("{0}", "is a directory")]
    [InlineData("{0}/file/a", "")]
    [InlineData("/sys/a", "permission denied")]
    [InlineData("/proc/self/a", "")]
    public async Task What_cannot_be_created_is_named(string pattern, string reason)
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder.File("file"), "", Stop);
        string path = string.Format(System.Globalization.CultureInfo.InvariantCulture, pattern, folder.Path);
        foreach (string scheme in new[] { "avro", "ndjson" })
        {
            await using ISpiSink sink = SinkFactory.Create(
                $"{scheme}:{path}",
                new SinkSettings { Schema = static () => TestRecords.Schema }
            );
            FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(async () => await sink.OpenAsync(Stop));
            Assert.StartsWith($"{path}: ", e.Message, StringComparison.Ordinal);
            Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_reader_that_goes_away_is_said_in_these_words()
    {
        var pipe = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.Out);
        pipe.ClientSafePipeHandle.Dispose();
        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        await using var sink = new NdjsonSink("-", () => new FileStream(handle, FileAccess.Write, 0));
        await sink.OpenAsync(Stop);
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(async () => await sink.WriteAsync(TestRecords.Batch(0, 4)));
        Assert.Equal("standard output: whoever read it has gone away (broken pipe); 0 records were written before", e.Message);
        Assert.Equal(4, sink.Counts.Failed);
        await pipe.DisposeAsync();
    }

    private static long RecordsIn(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new AvroContainerReader(file);
        long records = 0;
        while (reader.TryRead(out AvroBlock block))
        {
            records += block.Count;
        }

        return records;
    }
}
