using System.Text.Json;
using System.Text.Json.Serialization;
using FlowPipe.Core;
using FlowPipe.Core.Stats;

namespace FlowPipe.Pipeline.Terminal;

/// <summary>The run's figures as JSON. Opened before the run, so that a name that can't be written to is known before the work is done.</summary>
internal sealed class StatsFile : IDisposable
{
    private readonly Stream _stream;
    private readonly string _name;
    private readonly bool _isStdout;

    private StatsFile(Stream stream, string name, bool isStdout)
    {
        _stream = stream;
        _name = name;
        _isStdout = isStdout;
    }

    public static StatsFile Open(string file, CommandContext context)
    {
        if (file == "-")
            return new StatsFile(Stream.Null, file, isStdout: true) { Context = context };
        try
        {
            // Unbuffered: a disk that is full is met by the write, not by the closing.
            var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
            return new StatsFile(stream, file, isStdout: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FlowPipeException($"--stats {file}: it can't be written: {e.Message}", e);
        }
    }

    private CommandContext? Context { get; init; }

    public void Write(RunSnapshot snapshot)
    {
        try
        {
            Stream stream = _isStdout ? Context!.OutBytes : _stream;
            JsonSerializer.Serialize(stream, snapshot, StatsJson.Default.RunSnapshot);
            stream.WriteByte((byte)'\n');
            stream.Flush();
        }
        catch (IOException e)
        {
            throw new FlowPipeException($"--stats {_name}: it can't be written: {e.Message}", e);
        }
    }

    public void Dispose() => _stream.Dispose();
}

/// <summary>Serialises the figures without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunSnapshot))]
internal sealed partial class StatsJson : JsonSerializerContext;
