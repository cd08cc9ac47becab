using System.Diagnostics.CodeAnalysis;
using Avro.Generic;
using Avro.IO;
using BenchmarkDotNet.Attributes;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Benchmarks;

/// <summary>Why records have an encoder of their own: the same record by Apache.Avro's generic writer.</summary>
[MemoryDiagnoser]
[SuppressMessage("Reliability", "CA1001", Justification = "A stream over an array holds nothing to dispose of")]
public class RecordEncoderBenchmarks
{
    private readonly SpiRow _row = new();
    private readonly SpiFields _session = new();
    private readonly SpiRecordEncoder _encoder = new();
    private readonly GenericDatumWriter<GenericRecord> _writer = new(SessionSchema.Parsed);
    private readonly MemoryStream _stream = new(1 << 16);
    private readonly byte[] _buffer = new byte[1 << 16];
    private GenericRecord _record = null!;

    /// <summary>A record of TCP over IPv4: every integer of the core, the usual sets.</summary>
    [GlobalSetup]
    public void Fill()
    {
        FieldDictionary fields = FieldDictionary.Default;
        foreach (FieldDefinition field in fields.Fields)
        {
            if (field.Field.Parent == 0 && field.Field.Type is SpiType.Long or SpiType.Int or SpiType.Bool)
                _row.Set(field.Field, 1500);
        }
        _row.Set(fields["id"], "01234567-89ab-cdef-0123-456789abcdef"u8);
        _row.SetIp(fields["ip.src"], new UInt128(0, 0xFFFF_0A00_0001));
        _row.SetIp(fields["ip.dst"], new UInt128(0, 0xFFFF_0A00_0002));
        _session.Add(fields["protocols"], "tcp"u8);
        _session.Add(fields["mac.src"], "00:1f:5b:ff:51:cb"u8);
        _session.Add(fields["mac.dst"], "00:1f:5b:ff:51:cc"u8);
        _session.Add(fields["ttl.src"], 64);
        _session.Add(fields["ttl.dst"], 57);
        var reader = new GenericDatumReader<GenericRecord>(SessionSchema.Parsed, SessionSchema.Parsed);
        _record = reader.Read(null!, new BinaryDecoder(new MemoryStream(_buffer, 0, Ours())));
        if (Apaches() != Ours())
            throw new InvalidOperationException("The two do not write the same record.");
    }

    /// <summary>FlowPipe's encoder.</summary>
    [Benchmark(Baseline = true)]
    public int Ours()
    {
        _encoder.TryEncode(_row, _session, _buffer, out int written);
        return written;
    }

    /// <summary>Apache.Avro, given the record ready made.</summary>
    [Benchmark]
    public long Apaches()
    {
        _stream.Position = 0;
        _writer.Write(_record, new BinaryEncoder(_stream));
        return _stream.Position;
    }
}
