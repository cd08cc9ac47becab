using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace Watch;

/// <summary>A word for the size of each record, and a tag for large sessions: added just before the record is made.</summary>
internal sealed class Sizes(long elephant, CustomField size, PluginCounter finals, PluginCounter linked)
{
    private static readonly byte[] Elephant = Encoding.UTF8.GetBytes("elephant");
    private static readonly byte[] Mouse = Encoding.UTF8.GetBytes("mouse");

    public static void Register(IRegistrar registrar)
    {
        var sizes = new Sizes(
            registrar.Setting("watchElephant", 1_000_000, 1, int.MaxValue, "Bytes of payload from which on a record is called an elephant"),
            registrar.Define("watch.size", SpiType.Utf8, "elephant or mouse, by the payload that the record tells of"),
            registrar.Counter("final_records", "Records that were their sessions' last"),
            registrar.Counter("linked_records", "Records of sessions that went on")
        );
        registrar.Save(sizes.BeforeRecord);
    }

    private void BeforeRecord(Session session, bool final)
    {
        bool large = session.DataBytes.Sum >= elephant;
        session.Add(size, large ? Elephant : Mouse);
        if (large)
            session.AddTag(Elephant);
        session.Count(final ? finals : linked);
    }
}
