using System.Text;
using FlowPipe.Abstractions;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>A piece of data as a parser got it.</summary>
internal sealed record StreamPiece(Side Side, int Gap, byte[] Bytes, bool End, long TimestampNs);

/// <summary>A parser of every TCP and UDP session that keeps all it is given; to be used with one session.</summary>
public sealed class StreamRecorder : IFlowPipePlugin
{
    internal List<StreamPiece> Pieces { get; } = [];

    /// <summary>Only counts what it is given, and keeps nothing.</summary>
    public bool Forgetful { get; init; }

    public long Bytes { get; private set; }

    public int Freed { get; private set; }

    public string Name => "recorder";

    public void Register(IRegistrar registrar)
    {
        ParserKind<Recorder> kind = registrar.Parser("recorder", () => new Recorder(this));
        registrar.Tcp("recorder", 0, [], (session, _, _) => session.Add(kind));
        registrar.Udp("recorder", 0, [], (session, _, _) => session.Add(kind));
    }

    /// <summary>All that a side said; a gap as its length in brackets, the end as a full stop.</summary>
    internal string Text(Side side)
    {
        var text = new StringBuilder();
        foreach (StreamPiece piece in Pieces.Where(piece => piece.Side == side))
        {
            if (piece.Gap > 0)
                text.Append('[').Append(piece.Gap).Append(']');
            text.Append(Encoding.Latin1.GetString(piece.Bytes));
            if (piece.End)
                text.Append('.');
        }
        return text.ToString();
    }

    private sealed class Recorder(StreamRecorder recorder) : SessionParser
    {
        public override Parsed Parse(Session session, in StreamData data)
        {
            recorder.Bytes += data.Bytes.Length;
            if (!recorder.Forgetful)
                recorder.Pieces.Add(new StreamPiece(data.Side, data.GapBefore, data.Bytes.ToArray(), data.End, data.TimestampNs));
            return Parsed.KeepGoing;
        }

        public override void Free(Session session) => recorder.Freed++;
    }
}
