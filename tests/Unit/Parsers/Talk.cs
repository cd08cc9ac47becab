using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>What two sides say to each other, to be given to parsers whole, in pieces, or cut off.</summary>
internal sealed class Talk
{
    private readonly List<(Side Side, byte[] Bytes)> _said = [];

    public Talk Client(string text) => Says(Side.Client, Encoding.Latin1.GetBytes(text));

    public Talk Server(string text) => Says(Side.Server, Encoding.Latin1.GetBytes(text));

    public Talk Says(Side side, byte[] bytes)
    {
        _said.Add((side, bytes));
        return this;
    }

    /// <summary>As it was said.</summary>
    public ParserSession Give(IFlowPipePlugin[] plugins, params (string Name, string Value)[] settings) =>
        GiveAll(new ParserSession(plugins, settings));

    /// <summary>However it is cut into segments, the record is the same; cut off anywhere, nothing fails and no memory is left behind.</summary>
    public void AssertSturdy(IFlowPipePlugin[] plugins, params (string Name, string Value)[] settings)
    {
        var session = new ParserSession(plugins, settings);
        string whole = GiveAll(session).Record();
        session.Clear();
        foreach (int size in (int[])[1, 2, 3, 7, 50])
        {
            foreach ((Side side, byte[] bytes) in _said)
            {
                // A protocol is recognised by its first segment.
                int first = side == Side.Client || size > 30 ? Math.Min(30, bytes.Length) : Math.Min(5, bytes.Length);
                session.Send(side, bytes.AsSpan(0, first));
                for (int at = first; at < bytes.Length; at += size)
                    session.Send(side, bytes.AsSpan(at, Math.Min(size, bytes.Length - at)));
            }
            Assert.Equal(whole, session.End().Record());
            session.Clear();
        }
        int total = _said.Sum(static one => one.Bytes.Length);
        for (int end = 0; end < total; end++)
            CutOff(session, end);
        // it is as new after all that
        Assert.Equal(whole, GiveAll(session).Record());
    }

    private ParserSession GiveAll(ParserSession session)
    {
        foreach ((Side side, byte[] bytes) in _said)
            session.Send(side, bytes);
        return session.End();
    }

    private void CutOff(ParserSession session, int end)
    {
        foreach ((Side side, byte[] bytes) in _said)
        {
            int length = Math.Min(end, bytes.Length);
            if (length > 0)
                session.Send(side, bytes.AsSpan(0, length));
            end -= length;
        }
        session.End().Clear();
    }
}
