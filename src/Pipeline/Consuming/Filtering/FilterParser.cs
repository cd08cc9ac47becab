using FlowPipe.Core;

namespace FlowPipe.Pipeline.Consuming.Filtering;

/// <summary>Reads a filter's text. For one text.</summary>
internal sealed class FilterParser(string text)
{
    private const int DepthMax = 100;
    private const string Operators = "== != < <= > >= contains";

    private const string Separators = "()=!<>\"'&|";
    private static readonly string[] Words = ["and", "or", "not", "contains"];

    private int _at;
    private int _depth;

    public FilterNode Parse()
    {
        FilterNode node = Expression();
        SkipSpace();
        return _at == text.Length ? node : throw Wrong("'and' or 'or' is missing", _at);
    }

    private FilterNode Expression()
    {
        FilterNode node = Term();
        while (TakeWord("or") || TakeSymbol("||"))
            node = new PairNode(node, Term(), both: false);
        return node;
    }

    private FilterNode Term()
    {
        FilterNode node = Factor();
        while (TakeWord("and") || TakeSymbol("&&"))
            node = new PairNode(node, Factor(), both: true);
        return node;
    }

    private FilterNode Factor()
    {
        if (++_depth > DepthMax)
            throw Wrong("it is nested too deeply", _at);
        FilterNode node = Innermost();
        _depth--;
        return node;
    }

    private FilterNode Innermost()
    {
        if (TakeWord("not"))
            return new NotNode(Factor());
        int start = _at;
        if (TakeSymbol("("))
        {
            FilterNode inner = Expression();
            return TakeSymbol(")") ? inner : throw Wrong($"the bracket of position {start + 1} is not closed", _at);
        }
        SkipSpace();
        start = _at;
        string field = Word("a field's name");
        if (Array.Exists(Words, word => word.Equals(field, StringComparison.OrdinalIgnoreCase)))
            throw Wrong("a field's name is missing", start);
        FilterOperator? comparison = Operator();
        if (comparison is not { } found)
            return FieldNode.Create(field, FilterOperator.Exists, FilterOperand.None);
        string value = Value();
        try
        {
            return FieldNode.Create(field, found, new FilterOperand(value));
        }
        catch (FlowPipeException e)
        {
            throw Wrong(e.Message, start);
        }
    }

    private FilterOperator? Operator()
    {
        SkipSpace();
        return TakeSymbol("==") ? FilterOperator.Equal
            : TakeSymbol("!=") ? FilterOperator.NotEqual
            : TakeSymbol("<=") ? FilterOperator.AtMost
            : TakeSymbol(">=") ? FilterOperator.AtLeast
            : TakeSymbol("<") ? FilterOperator.Less
            : TakeSymbol(">") ? FilterOperator.More
            : TakeWord("contains") ? FilterOperator.Contains
            : _at < text.Length && text[_at] == '=' ? throw Wrong($"'=' alone is no operator; there are {Operators}", _at)
            : null;
    }

    /// <summary>A word, or anything between quotation marks.</summary>
    private string Value()
    {
        SkipSpace();
        if (_at == text.Length || text[_at] is not ('"' or '\''))
            return Word("a value");
        char quote = text[_at];
        int end = text.IndexOf(quote, _at + 1);
        if (end < 0)
            throw Wrong("the quotation mark is not closed", _at);
        string value = text[(_at + 1)..end];
        _at = end + 1;
        return value;
    }

    private string Word(string wanted)
    {
        int start = _at;
        while (_at < text.Length && !char.IsWhiteSpace(text[_at]) && !Separators.Contains(text[_at], StringComparison.Ordinal))
            _at++;
        return _at > start ? text[start.._at] : throw Wrong($"{wanted} is missing", start);
    }

    private bool TakeWord(string word)
    {
        SkipSpace();
        int end = _at + word.Length;
        bool isThere =
            string.Compare(text, _at, word, 0, word.Length, StringComparison.OrdinalIgnoreCase) == 0
            && (end == text.Length || char.IsWhiteSpace(text[end]) || text[end] is '(' or ')' or '"' or '\'');
        if (isThere)
            _at = end;
        return isThere;
    }

    private bool TakeSymbol(string symbol)
    {
        SkipSpace();
        bool isThere = string.CompareOrdinal(text, _at, symbol, 0, symbol.Length) == 0;
        if (isThere)
            _at += symbol.Length;
        return isThere;
    }

    private void SkipSpace()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
            _at++;
    }

    private FlowPipeException Wrong(string why, int at) =>
        new($"--where \"{text}\": at position {at + 1}: {why}; write it as 'dns.host == example.com and port.dst < 1024'");
}
