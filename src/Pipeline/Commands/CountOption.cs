using System.CommandLine;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>-n N</c>: no more than so many of what a command shows.</summary>
internal sealed class CountOption : Option<long>
{
    private readonly long _default;

    /// <param name="description">What is counted, and what it does.</param>
    /// <param name="byDefault">How many where the user does not say.</param>
    public CountOption(string description, long byDefault = long.MaxValue)
        : base("-n", "--count")
    {
        _default = byDefault;
        Description = description;
        HelpName = "N";
        Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<long>() < 1)
                result.AddError("-n must be a whole number from 1");
        });
    }

    /// <summary>How many.</summary>
    public long Of(ParseResult line) => line.GetResult(this) is { Implicit: false } ? line.GetValue(this) : _default;
}
