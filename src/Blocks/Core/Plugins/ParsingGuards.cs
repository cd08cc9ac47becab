using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Plugins;

/// <summary>Stands around a plugin's classifier, so that those behind it are asked all the same.</summary>
internal sealed class ClassifierGuard(Classifier classify, string name, PluginEntry plugin)
{
    private readonly string _what = $"classifier {name}";

    public void Run(Session session, Side side, ReadOnlySpan<byte> firstBytes)
    {
        int open = session.Fields.OpenRecords;
        try
        {
            classify(session, side, firstBytes);
            ((FlowSession)session).RequireOpenRecords(open);
        }
        catch (Exception e)
        {
            ((FlowSession)session).OnPluginFault(plugin, _what, "the session goes on without it", open, e);
        }
    }
}

/// <summary>Stands around a plugin's sub-parser: what it throws is no fault of the parser that asked it.</summary>
internal sealed class SubParserGuard(SubParser parser, string name, PluginEntry plugin) : SubParser
{
    private readonly string _what = $"sub-parser {name}";

    public override bool Parse(Session session, Side side, ReadOnlySpan<byte> data, SpiField into = default)
    {
        int open = session.Fields.OpenRecords;
        try
        {
            bool was = parser.Parse(session, side, data, into);
            ((FlowSession)session).RequireOpenRecords(open);
            return was;
        }
        catch (Exception e)
        {
            ((FlowSession)session).OnPluginFault(plugin, _what, "its part of the record is left out", open, e);
            return false;
        }
    }
}
