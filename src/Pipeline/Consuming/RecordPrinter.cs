using System.Buffers;
using System.Text.Json;
using FlowPipe.Pipeline.Sinks;
using FlowPipe.Pipeline.Terminal;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>Prints records in one of the forms of <c>consume --format</c>.</summary>
internal abstract class RecordPrinter
{
    public static RecordPrinter Create(string format, CommandContext context) =>
        format switch
        {
            "json" => new LinePrinter(context, new AvroNamesWriter().Write, takesForeign: true),
            "sessions3" => new LinePrinter(context, WriteSessions3(), takesForeign: false),
            _ => new TablePrinter(context, isSorted: false),
        };

    /// <exception cref="JsonException">It is not what it seems to be.</exception>
    public abstract void Add(StoredRecord record);

    /// <summary>Shows what was added.</summary>
    public abstract void Show();

    /// <summary>There are no more.</summary>
    public virtual void End() { }

    private static Action<SpiFields, IBufferWriter<byte>> WriteSessions3()
    {
        var writer = new Sessions3Writer();
        var none = new SpiRow();
        return (values, buffer) => writer.Write(none, values, buffer);
    }

    /// <summary>A table of all the records, by the time of their first packets, when there are no more.</summary>
    public static RecordPrinter CreateSortedTable(CommandContext context) => new TablePrinter(context, isSorted: true);

    private sealed class TablePrinter(CommandContext context, bool isSorted) : RecordPrinter
    {
        private readonly SessionTable _table = new(context);
        private readonly List<SessionRow> _rows = [];
        private ForeignTable? _foreign;
        private bool _shown;

        public override void Add(StoredRecord record)
        {
            if (record.ForeignName is not null)
                (_foreign ??= new ForeignTable(context)).Add(record);
            else
                _rows.Add(record.Values is { } values ? SessionRow.FromValues(values) : SessionRow.FromSessions3(record.Json));
        }

        public override void Show()
        {
            if (!isSorted)
                Write();
        }

        // Without records there is still the header: an empty table says that there are none, nothing at all would not.
        public override void End()
        {
            if (isSorted)
                _rows.Sort(static (a, b) => a.FirstPacketMs.CompareTo(b.FirstPacketMs));
            if (!_shown && _foreign is null)
                Write();
        }

        private void Write()
        {
            _foreign?.Show();
            if (_foreign is not null && _rows.Count == 0)
                return;
            foreach (SessionRow row in _rows)
                _table.Add(row);
            _rows.Clear();
            _table.Show();
            _shown = true;
        }
    }

    private sealed class LinePrinter(CommandContext context, Action<SpiFields, IBufferWriter<byte>> write, bool takesForeign)
        : RecordPrinter
    {
        private readonly ArrayBufferWriter<byte> _buffer = new(65_536);

        public override void Add(StoredRecord record)
        {
            if (record.ForeignName is not null && !takesForeign)
                throw new JsonException($"its schema is {record.ForeignName}; --format json shows it");
            if (record.Values is { } values)
                write(values, _buffer);
            else
                WriteOneLine(record.Json);
            _buffer.Write("\n"u8);
        }

        public override void Show()
        {
            Stream output = context.OutBytes;
            output.Write(_buffer.WrittenSpan);
            output.Flush();
            _buffer.ResetWrittenCount();
        }

        // A document that stands in a message may have line ends of its own.
        private void WriteOneLine(ReadOnlyMemory<byte> document)
        {
            using JsonDocument parsed = JsonDocument.Parse(document);
            if (document.Span.IndexOfAny((byte)'\n', (byte)'\r') < 0)
            {
                _buffer.Write(document.Span);
                return;
            }
            using var json = new Utf8JsonWriter(_buffer);
            parsed.WriteTo(json);
        }
    }
}
