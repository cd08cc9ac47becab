using System.Text;
using System.Text.Json;
using FlowPipe.Core;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Consuming.Filtering;

/// <summary>A field compared with a value, in records of any form.</summary>
internal sealed class FieldNode : FilterNode
{
    private readonly string _name;
    private readonly FilterOperator _operator;
    private readonly FilterOperand _operand;
    private readonly FieldDefinition? _field;
    private readonly SpiField[] _path = [];
    private readonly string[] _jsonPath;

    private FieldNode(string name, FilterOperator comparison, FilterOperand operand)
    {
        _name = name;
        _operator = comparison;
        _operand = operand;
        FieldDictionary dictionary = FieldDictionary.Default;
        _field = Find(dictionary, name);
        _jsonPath = name.Split('.');
        if (_field is null)
            return;
        if (comparison != FilterOperator.Exists)
            operand.Check(_field, comparison);
        var path = new List<SpiField>();
        for (SpiField step = _field.Field; !step.IsNone; step = dictionary.Definition(step).Parent)
            path.Insert(0, step);
        _path = [.. path];
    }

    /// <exception cref="FlowPipeException">The field can't be compared with that.</exception>
    public static FieldNode Create(string name, FilterOperator comparison, FilterOperand operand) => new(name, comparison, operand);

    public override bool Holds(in StoredRecord record, JsonElement document)
    {
        bool any;
        if (record.Values is { } values)
            any = _field is null ? throw Unknown() : AnyValue(values.Values(_path[0]), 0);
        else if (_field is null || record.ForeignName is not null)
            any = AnyElement(document, _jsonPath, 0, type: null);
        else
            any = _field.Sessions3 is { } path && AnyElement(document, WithoutBrackets(path).Split('.'), 0, _field);
        return any != (_operator == FilterOperator.NotEqual);
    }

    /// <summary>By any of the names that 'flowpipe fields' shows; the brackets of records that repeat may be left out.</summary>
    private static FieldDefinition? Find(FieldDictionary dictionary, string name)
    {
        if (dictionary.TryGet(name, out FieldDefinition? found))
            return found;
        string path = WithoutBrackets(name);
        foreach (FieldDefinition field in dictionary.Fields)
        {
            if (WithoutBrackets(field.Avro) == path || (field.Sessions3 is { } sessions3 && WithoutBrackets(sessions3) == path))
                return field;
        }
        return null;
    }

    private static string WithoutBrackets(string path) => path.Replace("[]", "", StringComparison.Ordinal);

    private bool AnyValue(SpiValues values, int depth)
    {
        foreach (SpiValue value in values)
        {
            if (depth < _path.Length - 1 ? AnyValue(value.Values(_path[depth + 1]), depth + 1) : Fits(value))
                return true;
        }
        return false;
    }

    private bool Fits(SpiValue value)
    {
        if (_operator == FilterOperator.Exists)
            return true;
        switch (_field!.Field.Type)
        {
            case SpiType.Double:
                return FitsNumber(value.Double);
            case SpiType.Ip or SpiType.IpSet:
                return _operand.Compare(_operator, value.Ip);
            case SpiType.Utf8 or SpiType.Utf8Set or SpiType.Utf8List or SpiType.Map:
                return _operand.Compare(_operator, Encoding.UTF8.GetString(value.Utf8));
            case SpiType.Packed:
                foreach (long number in value.Packed)
                {
                    if (_operand.Compare(_operator, number, isTime: false))
                        return true;
                }
                return false;
            default:
                return _operand.Compare(_operator, value.Long, _field.TypeName == "time");
        }
    }

    private bool FitsNumber(double value) => Math.Abs(value) < 7e27 && _operand.Compare(_operator, (decimal)value, isTime: false); // what a decimal holds

    /// <summary>Goes down by the path's names; of an array, any item will do.</summary>
    private bool AnyElement(JsonElement element, string[] path, int depth, FieldDefinition? type)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray())
            {
                if (AnyElement(item, path, depth, type))
                    return true;
            }
            return false;
        }
        if (depth == path.Length)
            return FitsElement(element, type);
        if (element.ValueKind != JsonValueKind.Object)
            return false;
        // Names may have dots of their own, such as custom's.
        string name = path[depth];
        for (int next = depth + 1; ; next++)
        {
            if (element.TryGetProperty(name, out JsonElement member) && AnyElement(member, path, next, type))
                return true;
            if (next == path.Length)
                return false;
            name += "." + path[next];
        }
    }

    private bool FitsElement(JsonElement element, FieldDefinition? type)
    {
        if (element.ValueKind == JsonValueKind.Null)
            return false;
        if (_operator == FilterOperator.Exists)
            return true;
        switch (element.ValueKind)
        {
            case JsonValueKind.Number:
                return element.TryGetDecimal(out decimal number)
                    && _operand.Compare(_operator, number, type is null || type.TypeName == "time");
            case JsonValueKind.True or JsonValueKind.False:
                return _operand.Compare(_operator, element.ValueKind == JsonValueKind.True ? 1 : 0, isTime: false);
            case JsonValueKind.Object:
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    if (FitsElement(member.Value, type))
                        return true;
                }
                return false;
            case JsonValueKind.Array:
                return AnyElement(element, _jsonPath, _jsonPath.Length, type);
            default:
                string text = element.GetString()!;
                return type?.Field.Type is SpiType.Utf8 or SpiType.Utf8Set or SpiType.Utf8List or SpiType.Map
                    ? _operand.Compare(_operator, text)
                    : _operand.CompareUntyped(_operator, text);
        }
    }

    private FlowPipeException Unknown() =>
        new(
            $"--where: a session has no field '{_name}'; did you mean '{FieldDictionary.Default.Nearest(_name)}'? ('flowpipe fields' lists all)"
        )
        {
            IsWrongUsage = true,
        };
}
