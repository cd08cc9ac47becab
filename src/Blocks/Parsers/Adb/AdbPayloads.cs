using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Adb;

/// <summary>
/// What streams of Android's debug bridge carry.
/// <code>
/// sync:     | operation (4 characters) | length (4) | path of STAT LIST SEND RECV; bytes of DATA; text of FAIL |
/// shell,v2: | 0 input, 1 output, 2 errors, 3 exit (1) | length (4) | bytes |
/// </code>
/// A stream's messages are read each on its own: one that goes on in the next message is not followed there.
/// </summary>
internal static class AdbPayloads
{
    private const int LongestPath = 1024;
    private const int Exit = 3;

    /// <summary>Operations on files.</summary>
    public static void ReadSync(AdbFields fields, SpiFields values, ReadOnlySpan<byte> data)
    {
        var reader = new PacketReader(data);
        while (reader.Remaining >= 8)
        {
            ReadOnlySpan<byte> operation = reader.Take(4);
            uint length = reader.U32Le();
            if (!IsOperation(operation))
                continue;
            values.Add(fields.SyncOperation, operation);
            bool hasPath =
                operation.SequenceEqual("STAT"u8)
                || operation.SequenceEqual("LIST"u8)
                || operation.SequenceEqual("SEND"u8)
                || operation.SequenceEqual("RECV"u8);
            if (!hasPath && !operation.SequenceEqual("DATA"u8) && !operation.SequenceEqual("FAIL"u8))
                continue;
            if (length > reader.Remaining)
                return;
            ReadOnlySpan<byte> bytes = reader.Take((int)length);
            if (hasPath)
                AddPath(fields, values, bytes);
        }
    }

    /// <summary>Exit codes of commands.</summary>
    public static void ReadShell(AdbFields fields, SpiFields values, ReadOnlySpan<byte> data)
    {
        var reader = new PacketReader(data);
        while (reader.Remaining >= 5)
        {
            int kind = reader.U8();
            uint length = reader.U32Le();
            if (length > reader.Remaining)
                return;
            ReadOnlySpan<byte> bytes = reader.Take((int)length);
            if (kind != Exit || bytes.IsEmpty)
                continue;
            AddNumber(values, fields.ExitCode, bytes[0]);
        }
    }

    /// <summary>Ports that are forwarded: <c>forward:[norebind:]LOCAL;REMOTE</c> and <c>reverse:forward:[norebind:]REMOTE;LOCAL</c>.</summary>
    public static void AddForward(AdbFields fields, SpiFields values, ReadOnlySpan<byte> service)
    {
        bool isReverse = service.StartsWith("reverse:"u8);
        ReadOnlySpan<byte> rest = isReverse ? service["reverse:".Length..] : service;
        bool isForward = rest.StartsWith("forward:"u8);
        if (!isReverse && !isForward)
            return;
        values.Add(fields.ForwardDirection, isReverse ? "reverse"u8 : "forward"u8);
        if (!isForward)
            return;
        rest = rest["forward:".Length..];
        int end = rest.IndexOf((byte)';');
        if (end < 0)
            return;
        // Arkime has the two in the order in which they stand.
        Add(values, fields.ForwardLocal, rest[..end]);
        Add(values, fields.ForwardRemote, rest[(end + 1)..]);
    }

    private static void AddPath(AdbFields fields, SpiFields values, ReadOnlySpan<byte> path)
    {
        path = path[..Math.Min(path.Length, LongestPath)].UpToNul();
        int mode = path.IndexOf((byte)','); // behind the path of SEND
        Add(values, fields.SyncPath, mode < 0 ? path : path[..mode]);
    }

    private static void AddNumber(SpiFields values, SpiField field, byte number)
    {
        var text = new TextBuilder(stackalloc byte[4]);
        text.Append(number);
        values.Add(field, text.Text);
    }

    private static void Add(SpiFields values, SpiField field, ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty)
            values.AddText(field, text, TextEncoding.Utf8OrLatin1);
    }

    private static bool IsOperation(ReadOnlySpan<byte> operation) =>
        "STATLISTSENDRECVDATADONEOKAYFAILDENTQUIT"u8.IndexOf(operation) is >= 0 and var at && at % 4 == 0;
}
