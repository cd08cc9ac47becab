using System.Text;
using System.Text.Json;
using FlowPipe.Core;
using FlowPipe.Core.Writing;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Sinks;

namespace FlowPipe.Pipeline.Files;

/// <summary>
/// Tells a topic of each file of packets when it is begun, ended and removed, so that whoever has a record finds its packets. The topic is compacted by the
/// file's id; what was removed is forgotten in the end.
/// </summary>
internal sealed class FilesTopic : IPcapFileEvents, IAsyncDisposable
{
    private const int Backlog = 10_000;

    private readonly RunTopic _topic;
    private readonly WriterSettings _settings;

    private FilesTopic(RunTopic topic, WriterSettings settings)
    {
        _topic = topic;
        _settings = settings;
    }

    /// <param name="settings">The settings in force, the writer's decided.</param>
    /// <param name="hasSpool">Whether the run goes on without brokers.</param>
    /// <param name="warn">Where warnings go.</param>
    /// <param name="stop">Gives up waiting.</param>
    /// <returns>Null when nothing is written, no Kafka outlives the run, or nobody wants it.</returns>
    /// <exception cref="FlowPipeException">The brokers don't answer, or there is no such topic.</exception>
    public static async Task<FilesTopic?> OpenAsync(FlowPipeSettings settings, bool hasSpool, Action<string> warn, CancellationToken stop)
    {
        string name = settings.FilesTopic;
        if (!settings.Writer.Copies || name.Length == 0)
            return null;
        return await RunTopic.OpenAsync(settings, name, "files", Backlog, hasSpool, warn, stop).ConfigureAwait(false) is { } topic
            ? new FilesTopic(topic, settings.Writer)
            : null;
    }

    public void Opened(PcapFile file, PcapFileSize size) => Send(file, "open", size);

    public void Closed(PcapFile file, PcapFileSize size) => Send(file, "closed", size);

    public void Removed(string id, string fullName, long bytes)
    {
        byte[] key = Encoding.UTF8.GetBytes(id);
        Send(
            key,
            new FileMessage
            {
                Id = id,
                State = "removed",
                Time = DateTimeOffset.UtcNow,
                Node = _settings.Node,
                Uri = new Uri(fullName).AbsoluteUri,
                Compression = fullName.EndsWith(".zst", StringComparison.Ordinal) ? WriterSettings.Zstd : WriterSettings.None,
                DiskBytes = bytes,
            }
        );
        // Compaction may forget it now; whoever reads along has seen it go.
        _topic.Send(key, null);
    }

    /// <summary>Waits until all is delivered.</summary>
    public Task EndAsync(Action<string> warn, CancellationToken deadline) => _topic.EndAsync(warn, deadline);

    public ValueTask DisposeAsync() => _topic.DisposeAsync();

    private void Send(PcapFile file, string state, PcapFileSize size) =>
        Send(
            Encoding.UTF8.GetBytes(file.Id),
            new FileMessage
            {
                Id = file.Id,
                State = state,
                Time = DateTimeOffset.UtcNow,
                Node = _settings.Node,
                Uri = file.Source.Uri,
                LinkType = file.LinkType,
                Compression = _settings.SimpleCompression,
                Packets = size.Packets,
                Bytes = size.Bytes,
                DiskBytes = size.DiskBytes,
                FirstPacketNs = size.Packets == 0 ? null : size.FirstNs,
                LastPacketNs = size.Packets == 0 ? null : size.LastNs,
                Cut = size.IsCut,
            }
        );

    private void Send(byte[] key, FileMessage message) =>
        _topic.Send(key, JsonSerializer.SerializeToUtf8Bytes(message, FileJson.Plain.FileMessage));
}
