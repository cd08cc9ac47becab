using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions.Parsing;

/// <summary>
/// The classifiers of one transport. The first two bytes of a side's data are the index of a short list of candidates, so the number of
/// protocols known costs nothing; so are a port, and the first byte at each of the few offsets that are not 0. The order is Arkime's: ports,
/// what matches anything or at an offset, then one byte, then longer prefixes.
/// </summary>
internal sealed class ClassifierTable
{
    private const int Shortest = 2;
    private readonly PortClassifiers _sourcePorts = new();
    private readonly PortClassifiers _destinationPorts = new();
    private readonly List<Candidate> _any = [];
    private readonly List<OffsetClassifiers> _offsets = [];
    private readonly List<Candidate> _prefixes = [];
    private Candidate[][] _lists = [];
    private readonly ushort[] _byPrefix = new ushort[65_536];

    /// <summary>Whether there is nothing to look up.</summary>
    public bool IsEmpty { get; private set; } = true;

    public void Add(int offset, ReadOnlySpan<byte> match, Classifier classify)
    {
        IsEmpty = false;
        var candidate = new Candidate(offset, match.ToArray(), classify);
        if (match.Length == 0)
            _any.Add(candidate);
        else if (offset == 0)
            _prefixes.Add(candidate);
        else
            OfOffset(offset).Add(candidate);
    }

    public void AddPort(ushort port, Side? side, Classifier classify)
    {
        IsEmpty = false;
        if (side != Side.Server)
            _sourcePorts.Add(port, classify);
        if (side != Side.Client)
            _destinationPorts.Add(port, classify);
    }

    /// <summary>Makes the index: once, when all is registered.</summary>
    public void Freeze()
    {
        // Longer prefixes come after single bytes; besides, the order is that of registration.
        var byFirst = new List<Candidate>?[256];
        foreach (Candidate candidate in _prefixes)
            (byFirst[candidate.Match[0]] ??= []).Add(candidate);
        var lists = new List<Candidate[]> { Array.Empty<Candidate>() };
        for (int first = 0; first < 256; first++)
        {
            if (byFirst[first] is not { } candidates)
                continue;
            List<Candidate> single = candidates.FindAll(static candidate => candidate.Match.Length == 1);
            Array.Fill(_byPrefix, Intern(lists, single), first << 8, 256);
            FreezeSecond(lists, candidates, single, first);
        }
        _lists = [.. lists];
        _offsets.Sort(static (left, right) => left.Offset.CompareTo(right.Offset));
    }

    private void FreezeSecond(List<Candidate[]> lists, List<Candidate> candidates, List<Candidate> single, int first)
    {
        var done = new bool[256];
        foreach (Candidate candidate in candidates)
        {
            if (candidate.Match.Length == 1 || done[candidate.Match[1]])
                continue;
            byte second = candidate.Match[1];
            done[second] = true;
            List<Candidate> longer = candidates.FindAll(other => other.Match.Length > 1 && other.Match[1] == second);
            longer.InsertRange(0, single);
            _byPrefix[(first << 8) | second] = Intern(lists, longer);
        }
    }

    /// <summary>Calls the classifiers that these first bytes ask for.</summary>
    [MethodImpl(HotPath.Options)]
    public void Classify(Session session, Side side, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Shortest)
            return;
        _sourcePorts.Classify(session.SourcePort, session, side, bytes);
        _destinationPorts.Classify(session.DestinationPort, session, side, bytes);
        foreach (Candidate candidate in _any)
            candidate.Try(session, side, bytes);
        foreach (OffsetClassifiers offset in _offsets)
            offset.Classify(session, side, bytes);
        foreach (Candidate candidate in _lists[_byPrefix[(bytes[0] << 8) | bytes[1]]])
            candidate.Try(session, side, bytes);
    }

    private OffsetClassifiers OfOffset(int offset)
    {
        foreach (OffsetClassifiers known in _offsets)
        {
            if (known.Offset == offset)
                return known;
        }
        var added = new OffsetClassifiers(offset);
        _offsets.Add(added);
        return added;
    }

    private static ushort Intern(List<Candidate[]> lists, List<Candidate> list)
    {
        if (list.Count == 0)
            return 0;
        lists.Add([.. list]);
        return (ushort)(lists.Count - 1);
    }

    /// <summary>A pattern and whom to call for it.</summary>
    internal sealed class Candidate(int offset, byte[] match, Classifier classify)
    {
        public byte[] Match => match;

        public void Try(Session session, Side side, ReadOnlySpan<byte> bytes)
        {
            if (bytes.Length >= offset + match.Length && bytes.Slice(offset, match.Length).SequenceEqual(match))
                classify(session, side, bytes);
        }
    }

    /// <summary>The classifiers of one offset, by the byte that is there.</summary>
    private sealed class OffsetClassifiers(int offset)
    {
        private readonly Candidate[]?[] _byFirst = new Candidate[]?[256];

        public int Offset => offset;

        public void Add(Candidate candidate)
        {
            ref Candidate[]? list = ref _byFirst[candidate.Match[0]];
            list = [.. list ?? [], candidate];
        }

        [MethodImpl(HotPath.Options)]
        public void Classify(Session session, Side side, ReadOnlySpan<byte> bytes)
        {
            if (bytes.Length <= offset || _byFirst[bytes[offset]] is not { } list)
                return;
            foreach (Candidate candidate in list)
                candidate.Try(session, side, bytes);
        }
    }

    /// <summary>The classifiers of ports of one end.</summary>
    private sealed class PortClassifiers
    {
        private readonly ushort[] _index = new ushort[65_536];
        private readonly List<Classifier[]> _lists = [Array.Empty<Classifier>()];

        public void Add(ushort port, Classifier classify)
        {
            if (_index[port] == 0)
            {
                _index[port] = (ushort)_lists.Count;
                _lists.Add([classify]);
            }
            else
                _lists[_index[port]] = [.. _lists[_index[port]], classify];
        }

        [MethodImpl(HotPath.Options)]
        public void Classify(ushort port, Session session, Side side, ReadOnlySpan<byte> bytes)
        {
            if (_index[port] is not (> 0 and var list))
                return;
            foreach (Classifier classify in _lists[list])
                classify(session, side, bytes);
        }
    }
}
