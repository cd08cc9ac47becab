using System.Buffers;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

public sealed class AllocationTests
{
    private static readonly FieldDictionary Dictionary = FieldDictionary.Default;

    [Fact]
    public void SessionAfterSessionAllocatesNothing()
    {
        var row = new SpiRow();
        var session = new SpiFields();
        var encoder = new SpiRecordEncoder();
        var json = new Sessions3Writer();
        var document = new ArrayBufferWriter<byte>(1 << 16);
        byte[] buffer = new byte[1 << 16];
        SpiField[] core40 =
        [
            .. Dictionary.Fields.Where(f => f.Field.Type is SpiType.Long or SpiType.Int or SpiType.Bool).Take(40).Select(f => f.Field),
        ];
        SpiField ip = Dictionary["ip.src"];
        SpiField tags = Dictionary["tags"];
        SpiField position = Dictionary["packet_pos"];
        SpiField source = Dictionary["packet_pos.source"];
        SpiField gaps = Dictionary["packet_pos.gaps"];
        byte[] packed = ModelRecord.Pack(24, 100, 1500);

        void MakeRecord(int number)
        {
            row.Reset();
            session.Reset();
            document.ResetWrittenCount();
            foreach (SpiField field in core40)
                row.Set(field, number);
            row.SetIp(ip, new UInt128(0x20010db8_00000000, (ulong)number));
            row.Lists.Begin(position);
            row.Lists.Add(source, "0123456789abcdef"u8);
            row.Lists.AddPacked(gaps, 3, packed);
            row.Lists.End(position);
            SpiFieldsTests.FillSmall(session);
            Span<byte> tag = stackalloc byte[2];

            // now and then a session with many values, which has an index and a large arena
            for (int i = 0; i < (number % 10 == 0 ? 300 : 3); i++)
            {
                tag[0] = (byte)('a' + (i & 15));
                tag[1] = (byte)('a' + (i >> 4));
                session.Add(tags, tag);
            }
            encoder.TryEncode(row, session, buffer, out _);
            json.Write(row, session, document);
        }

        // several rounds, of which the best counts: pools fill in the first, and a collection that other tests cause may trim them
        long allocated = long.MaxValue;
        for (int round = 0; round < 10 && allocated > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 2000; i++)
                MakeRecord(i);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(0, allocated);
    }
}
