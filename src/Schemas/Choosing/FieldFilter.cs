using System.Buffers.Binary;
using System.Numerics;

namespace FlowPipe.Schemas;

/// <summary>
/// Takes out of a record what must not leave, and hashes what may leave only so, before any encoder sees it. The session's own values stay:
/// its next record needs them. One per partition: it keeps scratch memory and is not safe for several threads.
/// </summary>
public sealed class FieldFilter
{
    private readonly FieldPolicy _policy;
    private readonly FieldHasher? _hasher;
    private readonly SpiFields _view = new();
    private byte[] _arena = new byte[1024];
    private int _used;

    internal FieldFilter(FieldPolicy policy)
    {
        _policy = policy;
        _hasher = policy.CreateHasher();
    }

    /// <summary>Filters a record: the row in place, its lists and the session's values into a store that the caller encodes with it.</summary>
    /// <returns>The store, valid until the next call.</returns>
    public SpiFields Apply(SpiRow row, SpiFields session)
    {
        _used = 0;
        Copy(row.Lists.Arena);
        Copy(session.Arena);
        row.Lists.Reset();
        FilterSlots(row);
        _view.Show(_arena, _used);
        return _view;
    }

    private void FilterSlots(SpiRow row)
    {
        ReadOnlySpan<ulong> touched = _policy.Touched;
        for (int word = 0; word < touched.Length; word++)
        {
            for (ulong bits = row.Present[word] & touched[word]; bits != 0; bits &= bits - 1)
            {
                int number = (word << 6) + BitOperations.TrailingZeroCount(bits);
                if (_policy.ActionOf(number) == FieldAction.Drop)
                    row.Remove(number);
                else
                    HashSlot(row, _policy.FieldOf(number));
            }
        }
    }

    private void HashSlot(SpiRow row, SpiField field)
    {
        if (field.Type == SpiType.Ip)
        {
            Span<byte> address = stackalloc byte[FieldHasher.AddressLength];
            BinaryPrimitives.WriteUInt128BigEndian(address, row.Ip(field.Number));
            _hasher!.HashAddress(address, address);
            row.SetIp(field, BinaryPrimitives.ReadUInt128BigEndian(address));
            return;
        }
        // an empty text stands for none
        if (row.Utf8(field.Number).IsEmpty)
            return;
        Span<byte> text = stackalloc byte[FieldHasher.TextLength];
        _hasher!.HashText(row.Utf8(field.Number), text);
        row.Set(field, text);
    }

    private void Copy(ReadOnlySpan<byte> entries)
    {
        int at = 0;
        while (at < entries.Length)
        {
            int begin = at;
            at = SpiEntry.Skip(entries, begin, out ushort tag, out int payload);
            FieldAction action = _policy.ActionOf(tag >> 4);
            if (action == FieldAction.Drop)
                continue;
            var type = (SpiType)(tag & 0xF);
            if (type == SpiType.RecordSet)
                CopyRecord(entries[begin..payload], entries[payload..at]);
            else if (action == FieldAction.Keep)
                Append(entries[begin..at]);
            else
                CopyHashed(tag, type, entries[payload..at]);
        }
    }

    private void CopyRecord(ReadOnlySpan<byte> header, ReadOnlySpan<byte> entries)
    {
        int at = _used;
        Append(header);
        int start = _used;
        Copy(entries);
        // as in the store: an empty record says nothing
        if (_used == start)
            _used = at;
        else
            SpiEntry.WriteRecordLength(_arena, at, _used - start);
    }

    private void CopyHashed(ushort tag, SpiType type, ReadOnlySpan<byte> payload)
    {
        Span<byte> hashed = stackalloc byte[FieldHasher.TextLength];
        switch (type)
        {
            case SpiType.Ip or SpiType.IpSet:
                hashed = hashed[..FieldHasher.AddressLength];
                _hasher!.HashAddress(payload, hashed);
                AppendEntry(tag, [], hashed);
                break;
            case SpiType.Map:
                // names of plugins' fields are no secrets, what they hold may be
                ReadOnlySpan<byte> key = SpiEntry.MapKey(payload, out ReadOnlySpan<byte> value);
                _hasher!.HashText(value, hashed);
                AppendEntry(tag, payload[..(Varint.Size((uint)key.Length) + key.Length)], hashed);
                break;
            case SpiType.Utf8 when payload.IsEmpty:
                AppendEntry(tag, [], []);
                break;
            default:
                _hasher!.HashText(payload, hashed);
                AppendEntry(tag, [], hashed);
                break;
        }
    }

    private void AppendEntry(ushort tag, ReadOnlySpan<byte> first, ReadOnlySpan<byte> rest)
    {
        Span<byte> header = stackalloc byte[sizeof(ushort) + Varint.MaxBytes];
        BinaryPrimitives.WriteUInt16LittleEndian(header, tag);
        int length = sizeof(ushort) + Varint.Write(header[sizeof(ushort)..], (uint)(first.Length + rest.Length));
        Append(header[..length]);
        Append(first);
        Append(rest);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_arena.Length - _used < bytes.Length)
            Array.Resize(ref _arena, Math.Max(2 * _arena.Length, _used + bytes.Length));
        bytes.CopyTo(_arena.AsSpan(_used));
        _used += bytes.Length;
    }
}
