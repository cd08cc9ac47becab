using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FlowPipe.Schemas;

/// <summary>
/// Writes a record as an Arkime <c>sessions3</c> document. One per thread. A value that is its field's Avro default is left out unless the
/// field is <c>always</c> there with its group, so that a document is the same whether made from live values or from a decoded record.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The JSON writer writes to its caller's buffers and holds nothing to dispose of")]
public sealed class Sessions3Writer
{
    /// <summary>A source of so many digits at most is the number of a file that FlowPipe wrote; a fingerprint is longer.</summary>
    private static readonly JsonEncodedText PacketRange = JsonEncodedText.Encode("packetRange");
    private static readonly JsonEncodedText GreaterOrEqual = JsonEncodedText.Encode("gte");
    private static readonly JsonEncodedText LessOrEqual = JsonEncodedText.Encode("lte");
    private static readonly JsonEncodedText PacketPos = JsonEncodedText.Encode("packetPos");
    private static readonly JsonEncodedText PacketLen = JsonEncodedText.Encode("packetLen");
    private static readonly JsonEncodedText FileId = JsonEncodedText.Encode("fileId");

    private readonly Sessions3Options _options;
    private readonly Sessions3Object _document;
    private readonly PlaceNumbers _placeNumbers = new();
    private readonly EntryChains _chains;
    private SpiRow _row = null!;
    private readonly Utf8JsonWriter _json;
    private readonly FieldDefinition? _firstPacket;
    private readonly FieldDefinition? _lastPacket;
    private readonly FieldDefinition? _positions;
    private readonly FieldScope? _positionScope;
    private readonly FieldDefinition? _source;
    private readonly FieldDefinition? _gaps;

    /// <summary>Makes a writer of the dictionary's documents.</summary>
    /// <param name="options">What they look like.</param>
    /// <param name="dictionary">The fields that there are.</param>
    /// <param name="policy">What was filtered out of the values: it is not there at all then, not even as the 0 of what is always there.</param>
    public Sessions3Writer(Sessions3Options? options = null, FieldDictionary? dictionary = null, FieldPolicy? policy = null)
    {
        dictionary ??= FieldDictionary.Default;
        _options = options ?? new Sessions3Options();
        _document = Sessions3Object.Of(dictionary.Root);
        if (!_options.Extras)
            _document.Members.RemoveAll(static member => member.Name.Value == "flowpipe");
        if (policy is not null)
            _document.RemoveDropped(policy);
        _chains = new EntryChains(dictionary.Fields.Count);
        var format = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
        _json = new Utf8JsonWriter(Stream.Null, format);
        _ = dictionary.TryGetSessions3("firstPacket", out _firstPacket);
        _ = dictionary.TryGetSessions3("lastPacket", out _lastPacket);
        _ = dictionary.TryGetSessions3("packetPos", out _positions);
        _positionScope = dictionary.Root.Nodes.Find(node => node.Definition is not null && node.Definition == _positions)?.Scope;
        _ = dictionary.TryGetAvro("packet_pos[].source", out _source);
        if (_positions is not null && policy?.Of(_positions.Field) == FieldAction.Drop)
            _positions = null;
        _ = dictionary.TryGetAvro("packet_pos[].gaps", out _gaps);
    }

    /// <summary>Writes one JSON object, without a line end.</summary>
    /// <param name="row">Values that every record has.</param>
    /// <param name="session">The others; no field is in both.</param>
    /// <param name="destination">Where the document goes.</param>
    public void Write(SpiRow row, SpiFields session, IBufferWriter<byte> destination)
    {
        _row = row;
        _json.Reset(destination);
        _chains.Open(row, session);
        _json.WriteStartObject();
        WriteMembers(_document);
        WriteDerived();
        _json.WriteEndObject();
        _json.Flush();
    }

    private void WriteMembers(Sessions3Object container)
    {
        foreach (Sessions3Member member in CollectionsMarshal.AsSpan(container.Members))
        {
            if (!IsThere(member))
                continue;
            _json.WritePropertyName(member.Name);
            if (member.Object is not null)
            {
                _json.WriteStartObject();
                WriteMembers(member.Object);
                _json.WriteEndObject();
                continue;
            }
            WriteValues(member);
            if (member.Count is { } count)
                _json.WriteNumber(count, _chains.Count(member.Field!.Field.Number));
        }
    }

    private bool IsThere(Sessions3Member member)
    {
        if (member.Object is not null)
        {
            foreach (Sessions3Member inner in CollectionsMarshal.AsSpan(member.Object.Members))
            {
                if (IsThere(inner))
                    return true;
            }
            return false;
        }
        FieldDefinition field = member.Field!;
        if (field.Always)
            return member.Group is not { } group || _chains.NextPresent(group.First, group.Last) != 0;
        return _chains.Has(field.Field.Number) && !IsDefault(field);
    }

    private bool IsDefault(FieldDefinition field)
    {
        if (!SpiField.IsSingle(field.Field.Type))
            return false;
        int number = field.Field.Number;
        if (_row.Has(number))
        {
            return field.Field.Type switch
            {
                SpiType.Long or SpiType.Int => _row.Long(number) == field.Default,
                SpiType.Bool => _row.Long(number) == 0,
                SpiType.Double => _row.Double(number) is 0 or double.NaN,
                SpiType.Utf8 => _row.Utf8(number).IsEmpty,
                _ => false,
            };
        }
        ReadOnlySpan<byte> value = _chains.Payload(number);
        return field.Field.Type switch
        {
            SpiType.Long or SpiType.Int => BinaryPrimitives.ReadInt64LittleEndian(value) == field.Default,
            SpiType.Bool => value[0] == 0,
            SpiType.Double => BinaryPrimitives.ReadDoubleLittleEndian(value) is 0 or double.NaN,
            SpiType.Packed => false,
            _ => value.IsEmpty,
        };
    }

    private void WriteValues(Sessions3Member member)
    {
        FieldDefinition field = member.Field!;
        int number = field.Field.Number;
        switch (field.Field.Type)
        {
            case SpiType.RecordSet when field == _positions && _source is not null && _gaps is not null:
                WritePositions();
                return;
            case SpiType.Packed:
                _json.WriteStartArray();
                foreach (long value in ValueOf(number).Packed)
                    _json.WriteNumberValue(value);
                _json.WriteEndArray();
                return;
            case SpiType.Map:
                WriteMap(number);
                return;
            case SpiType type when SpiField.IsSingle(type):
                WriteSingle(field);
                return;
            default:
                _json.WriteStartArray();
                EntryChains.Values values = _chains.Of(number);
                while (values.MoveNext())
                {
                    if (member.Record is null)
                        WriteValue(values.Current);
                    else
                        WriteRecord(member, values.Place);
                }
                _json.WriteEndArray();
                return;
        }
    }

    private void WriteRecord(Sessions3Member member, int place)
    {
        int mark = _chains.Enter(place);
        _json.WriteStartObject();
        WriteMembers(member.Record!);
        _json.WriteEndObject();
        _chains.Leave(mark, member.Scope!);
    }

    private void WriteMap(int number)
    {
        _json.WriteStartObject();
        foreach (SpiEntry entry in _chains.Of(number))
        {
            ReadOnlySpan<byte> key = SpiEntry.MapKey(entry.Payload, out ReadOnlySpan<byte> value);
            _json.WriteString(key, value);
        }
        _json.WriteEndObject();
    }

    /// <summary>A value, or what stands for it when it is <c>always</c> there.</summary>
    private void WriteSingle(FieldDefinition field)
    {
        if (_row.Has(field.Field.Number))
            WriteSlot(field.Field);
        else if (_chains.Has(field.Field.Number))
            WriteValue(_chains.Single(field.Field.Number));
        else if (field.Field.Type is SpiType.Utf8 or SpiType.Ip)
            _json.WriteStringValue(""u8);
        else if (field.Field.Type == SpiType.Bool)
            _json.WriteBooleanValue(false);
        else
            _json.WriteNumberValue(field.Default);
    }

    private void WriteSlot(SpiField field)
    {
        switch (field.Type)
        {
            case SpiType.Bool:
                _json.WriteBooleanValue(_row.Long(field.Number) != 0);
                break;
            case SpiType.Double:
                WriteDouble(_row.Double(field.Number));
                break;
            case SpiType.Utf8:
                _json.WriteStringValue(_row.Utf8(field.Number));
                break;
            case SpiType.Ip:
                Span<byte> address = stackalloc byte[16];
                BinaryPrimitives.WriteUInt128BigEndian(address, _row.Ip(field.Number));
                WriteIp(address);
                break;
            default:
                _json.WriteNumberValue(_row.Long(field.Number));
                break;
        }
    }

    private void WriteValue(SpiEntry entry)
    {
        SpiValue value = new([], entry);
        switch (entry.Type)
        {
            case SpiType.Bool:
                _json.WriteBooleanValue(value.Long != 0);
                break;
            case SpiType.Double:
                WriteDouble(value.Double);
                break;
            case SpiType.Utf8:
            case SpiType.Utf8Set:
            case SpiType.Utf8List:
                _json.WriteStringValue(value.Utf8);
                break;
            case SpiType.Ip:
            case SpiType.IpSet:
                WriteIp(entry.Payload);
                break;
            default:
                _json.WriteNumberValue(value.Long);
                break;
        }
    }

    // JSON has no infinity
    private void WriteDouble(double value) => _json.WriteNumberValue(Math.Clamp(value, double.MinValue, double.MaxValue));

    private void WriteIp(ReadOnlySpan<byte> address)
    {
        Span<byte> text = stackalloc byte[IpText.MaxBytes];
        _json.WriteStringValue(text[..IpText.Write(address, text)]);
    }

    /// <summary>What Arkime's documents have besides their fields.</summary>
    private void WriteDerived()
    {
        if (_firstPacket is not null && _lastPacket is not null)
        {
            _json.WriteStartObject(PacketRange);
            _json.WritePropertyName(GreaterOrEqual);
            WriteSingle(_firstPacket);
            _json.WritePropertyName(LessOrEqual);
            WriteSingle(_lastPacket);
            _json.WriteEndObject();
        }
        if (_positions is null || _source is null)
            return;
        if (!_chains.Has(_positions.Field.Number))
        {
            if (_options.EmptyPacketPos)
                WriteEmpty(PacketPos);
            if (_options.EmptyPacketLen)
                WriteEmpty(PacketLen);
        }
        // Numbers of files in Arkime's database, where FlowPipe's are not.
        WriteEmpty(FileId);
    }

    private void WriteEmpty(JsonEncodedText name)
    {
        _json.WriteStartArray(name);
        _json.WriteEndArray();
    }

    /// <summary>
    /// Arkime's <c>packetPos</c>. A source is given its place among those of the record, from 1, as number: Arkime's viewer, whose database does not
    /// know it, can't fetch its packets anyway, but the list still tells the sources apart, and the same place in <c>flowpipe.fileUris</c> says
    /// where they are.
    /// </summary>
    private void WritePositions()
    {
        _json.WriteStartArray();
        _placeNumbers.Reset();
        EntryChains.Values sources = _chains.Of(_positions!.Field.Number);
        while (sources.MoveNext())
        {
            int mark = _chains.Enter(sources.Place);
            long file = _placeNumbers.Of(SourceName());
            if (_options.GapPacketPos)
                _json.WriteNumberValue(-file);
            if (_chains.Has(_gaps!.Field.Number))
                WritePositionsOf(ValueOf(_gaps.Field.Number).Packed, file);
            _chains.Leave(mark, _positionScope!);
        }
        _json.WriteEndArray();
    }

    private void WritePositionsOf(SpiPacked gaps, long file)
    {
        long position = 0;
        long before = 0;
        foreach (long gap in gaps)
        {
            position += gap;
            if (!_options.GapPacketPos)
                _json.WriteNumberValue(position);
            else
                before = WriteGap(gap, before, position, file);
        }
    }

    /// <summary>A distance, or, as a negative number is a file's, the file once more and the offset: fragments that waited lie before what came meanwhile.</summary>
    private long WriteGap(long gap, long before, long position, long file)
    {
        if (gap < 0)
        {
            _json.WriteNumberValue(-file);
            gap = position;
            before = 0;
        }
        _json.WriteNumberValue(gap == before ? 0 : gap);
        return gap;
    }

    private ReadOnlySpan<byte> SourceName() => _chains.Has(_source!.Field.Number) ? _chains.Payload(_source.Field.Number) : default;

    private SpiValue ValueOf(int number) => new([], _chains.Single(number));
}
