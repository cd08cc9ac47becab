namespace FlowPipe.Schemas;

/// <summary>The dictionary as the columns that each of the encodings has.</summary>
internal static class ColumnTree
{
    private const string Positions = "packetPos";

    /// <summary>The columns of the Avro record.</summary>
    public static List<Column> OfAvro(FieldDictionary dictionary) => OfScope(dictionary.Root);

    /// <summary>The columns of the <c>sessions3</c> document, with those that no field stands behind.</summary>
    public static List<Column> OfSessions3(FieldDictionary dictionary)
    {
        List<Column> columns = OfObject(Sessions3Object.Of(dictionary.Root));
        columns.Add(
            new Column("packetRange", ColumnType.Record)
            {
                IsOptional = false,
                Help = "From the first to the last packet, milliseconds since 1970-01-01 UTC",
                Columns =
                [
                    new Column("gte", ColumnType.Time) { IsOptional = false },
                    new Column("lte", ColumnType.Time) { IsOptional = false },
                ],
            }
        );
        columns.Add(
            new Column("fileId", ColumnType.Long)
            {
                IsList = true,
                IsSet = true,
                Help = "Numbers of the files that FlowPipe wrote the packets to",
            }
        );
        return columns;
    }

    private static List<Column> OfScope(FieldScope scope)
    {
        List<Column> columns = [];
        foreach (FieldNode node in scope.Nodes)
        {
            if (node.Definition is { } field)
                columns.Add(OfField(node.Name, field, node.Scope is null ? [] : OfScope(node.Scope)) with { IsOptional = false });
            else
                columns.Add(new Column(node.Name, ColumnType.Record) { Columns = OfScope(node.Scope!) });
        }
        return columns;
    }

    private static List<Column> OfObject(Sessions3Object container)
    {
        List<Column> columns = [];
        foreach (Sessions3Member member in container.Members)
        {
            if (member.Object is not null)
            {
                columns.Add(new Column(member.Name.Value, ColumnType.Record) { Columns = OfObject(member.Object) });
                continue;
            }
            FieldDefinition field = member.Field!;
            // the document has positions as one list, docs/records.md says how
            Column column =
                field.Sessions3 == Positions
                    ? new Column(Positions, ColumnType.Long) { IsList = true, Help = field.Help }
                    : OfField(member.Name.Value, field, member.Record is null ? [] : OfObject(member.Record));
            columns.Add(column with { IsOptional = !field.Always });
            if (member.Count is { } count)
                columns.Add(new Column(count.Value, ColumnType.Int) { Help = $"How many values {member.Name.Value} has" });
        }
        return columns;
    }

    private static Column OfField(string name, FieldDefinition field, List<Column> inside)
    {
        SpiType type = field.Field.Type;
        return new Column(name, TypeOf(field))
        {
            IsList = type is not SpiType.Map && (type == SpiType.Packed || !SpiField.IsSingle(type)),
            IsSet = type is SpiType.LongSet or SpiType.IntSet or SpiType.Utf8Set or SpiType.IpSet,
            Columns = inside,
            Help = field.Help,
        };
    }

    private static ColumnType TypeOf(FieldDefinition field) =>
        field.TypeName switch
        {
            "int" or "intset" or "packedint" => ColumnType.Int,
            "long" or "longset" or "packed" => ColumnType.Long,
            "time" => ColumnType.Time,
            "bool" => ColumnType.Bool,
            "double" => ColumnType.Double,
            "ip" or "ipset" => ColumnType.Address,
            "recordset" => ColumnType.Record,
            "map" => ColumnType.Map,
            _ => ColumnType.Text,
        };
}
