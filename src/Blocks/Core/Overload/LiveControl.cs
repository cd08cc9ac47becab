namespace FlowPipe.Core.Overload;

/// <summary>What a run over interfaces has and one over files has not: readers side by side, and overload.</summary>
/// <param name="Readers">How many readers there are; they are numbered from 0.</param>
public sealed record LiveControl(int Readers)
{
    /// <summary>Who decides what is shed.</summary>
    public OverloadControl Overload { get; } = new(Readers);
}
