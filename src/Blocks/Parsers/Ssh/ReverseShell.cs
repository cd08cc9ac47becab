using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Ssh;

/// <summary>
/// Arkime's guess at a shell that goes the other way: keystrokes sent inside of a channel make packets of 50 to 99 bytes. Pieces of data count from the sixth of their
/// side until one has sent sixteen; when both sides have then sent more of these than of smaller ones, it is one.
/// </summary>
internal struct ReverseShell
{
    private const int First = 6;
    private const int Last = 15;
    private Count _client;
    private Count _server;

    /// <summary>Whether it has made up its mind.</summary>
    public bool Decided { get; private set; }

    /// <summary>Counts a piece of data.</summary>
    /// <returns>Whether it is taken for one now.</returns>
    public bool See(Side side, int length)
    {
        if (Decided)
            return false;
        ref Count count = ref _server;
        if (side == Side.Client)
            count = ref _client;
        count.Pieces++;
        if (count.Pieces < First)
            return false;
        if (length < 50)
            count.Small++;
        else if (length < 100)
            count.Large++;
        Decided = count.Pieces > Last;
        return Decided && _client.Large > _client.Small && _server.Large > _server.Small;
    }

    private struct Count
    {
        public int Pieces;
        public int Small;
        public int Large;
    }
}
