using System.Security.Cryptography;
using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Reading;

/// <summary>The reading of one file or stream, from opening it to its end or its first damage.</summary>
internal sealed class CaptureReading(
    CaptureFile file,
    FileReaderSettings settings,
    PacketFilter? filter,
    CreditPool<BufferBlock> blocks,
    CreditPool<PacketBatch> batches,
    ReaderCounts counts,
    Func<string, string, PacketSource> newSource,
    Action<string> damaged
) : IDisposable
{
    private readonly ScanWindow _window = new();
    private ByteSource? _bytes;
    private CaptureScanner? _scanner;
    private PacketSource? _source;
    private PacketBatch? _batch;
    private readonly IncrementalHash? _hash = settings.HashSources ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
    private long _filtered;
    private long _from = -1;
    private bool _complete;

    /// <summary>Told the fingerprint, says from which offset on packets are wanted; null when all are.</summary>
    public Func<string, long>? WantedFrom { get; init; }

    /// <summary>The capture's fingerprint; null while no packet of it has been seen.</summary>
    public string? Fingerprint => _scanner is { Fingerprint: { Complete: true } fingerprint } ? fingerprint.Value : null;

    /// <summary>Offset before which all packets have been handed on, now or by an earlier run.</summary>
    public long ReadUpTo { get; private set; }

    /// <summary>What has been read; null unless it is hashed. To be asked for once, at the end.</summary>
    public SourceSummary? Summarise() =>
        _hash is null || _bytes is null
            ? null
            : new SourceSummary(
                file.Uri,
                _source?.Fingerprint ?? "",
                _bytes.BytesRead,
                Convert.ToHexStringLower(_hash.GetHashAndReset()),
                _complete
            );

    /// <summary>Reads it. False when nothing more is to be read: the graph has faulted, or reading was stopped.</summary>
    public async Task<bool> ReadAsync(ITargetBlock<PacketBatch> enqueue, CancellationToken stop)
    {
        counts.AddSource();
        if (!Open())
            return true;
        while (true)
        {
            if (_window.End == (_window.Block?.Length ?? 0) && !await NextBlockAsync().ConfigureAwait(false))
                return false;
            int end = await _bytes!.FillAsync(_window.Block!, _window.End, stop).ConfigureAwait(false);
            int read = end - _window.End;
            _hash?.AppendData(_window.Block!.Bytes.AsSpan(_window.End, read));
            _window.End = end;
            counts.AddBytes(read);
            if (stop.IsCancellationRequested)
            {
                await FlushAsync(enqueue).ConfigureAwait(false);
                return false;
            }
            if (read > 0)
            {
                ScanResult result = await ScanAsync(enqueue).ConfigureAwait(false);
                if (result == ScanResult.BatchFull)
                    return false;
                if (!await FlushAsync(enqueue).ConfigureAwait(false))
                    return false;
                if (result == ScanResult.Damaged)
                    return true;
            }
            else
            {
                return await EndAsync(enqueue).ConfigureAwait(false);
            }
        }
    }

    public void Dispose()
    {
        if (_batch is { } batch)
        {
            batch.Count = 0;
            batch.Recycle();
        }
        if (_window.Block is { } block)
        {
            // a read that could not be called off still writes there
            if (_bytes is { HoldsBlock: true })
                blocks.Forget();
            else
                block.Release();
        }
        _bytes?.Dispose();
        _hash?.Dispose();
    }

    private bool Open()
    {
        try
        {
            _bytes = CaptureOpener.Open(file, settings);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            damaged($"{file.Name} can't be opened ({e.Message}): make it readable for this user");
            return false;
        }
    }

    /// <summary>Goes on in a fresh block, with what is unread at its start. False when there are no more credits to be had.</summary>
    private async ValueTask<bool> NextBlockAsync()
    {
        if (await blocks.RentAsync().ConfigureAwait(false) is not { } next)
            return false;
        next.Lend(1);
        _window.Unread.CopyTo(next.Bytes);
        _window.Block?.Release();
        _window.Block = next;
        _window.Origin += _window.Position;
        _window.End -= _window.Position;
        _window.Position = 0;
        return true;
    }

    /// <summary>Scans what is in memory and hands on each full batch; <see cref="ScanResult.BatchFull"/> when that came to an end.</summary>
    private async ValueTask<ScanResult> ScanAsync(ITargetBlock<PacketBatch> enqueue, bool ended = false)
    {
        // what a full block does not tell, no further byte can: none has room beside it
        if (_scanner is null && Recognise(ended || _window.End == _window.Block!.Length) is var recognised and not ScanResult.BatchFull)
            return recognised;
        while (true)
        {
            _batch ??= await batches.RentAsync().ConfigureAwait(false);
            if (_batch is null)
                return ScanResult.BatchFull;
            ScanResult result = Scan(_batch);
            if (result == ScanResult.Damaged && _scanner!.Damage.Length > 0)
                damaged($"{file.Name}, offset {_window.Offset}: {_scanner.Damage}; what came before it was read, the rest was not");
            if (result != ScanResult.BatchFull)
                return result;
            if (!await FlushAsync(enqueue).ConfigureAwait(false))
                return ScanResult.BatchFull;
        }
    }

    /// <summary>Makes the scanner that the first bytes ask for. <see cref="ScanResult.BatchFull"/>, the way to go on, when it has.</summary>
    /// <param name="all">Whether there will be no more bytes to tell by.</param>
    private ScanResult Recognise(bool all)
    {
        ReadOnlySpan<byte> first = _window.Unread;
        CaptureFormat format = CaptureFormats.Recognise(first);
        switch (format)
        {
            case CaptureFormat.Unknown when first.Length < CaptureFormats.MagicBytes:
            case CaptureFormat.Snoop when first.Length < SnoopScanner.FileHeader:
            case not (CaptureFormat.Unknown or CaptureFormat.Pcapng or CaptureFormat.Snoop) when first.Length < PcapScanner.FileHeader:
                return ScanResult.NeedBytes;
            case CaptureFormat.Unknown:
                NoCapture(
                    $"{file.Name} is no capture: it begins neither as pcap, pcapng or snoop nor as a compression known here (gzip, zstd, lz4, xz)"
                );
                return ScanResult.Damaged;
            case CaptureFormat.Pcapng:
                _scanner = new PcapngScanner(settings.BlockBytes, filter, settings.ReaderId);
                break;
            case CaptureFormat.Gzip or CaptureFormat.Zstandard or CaptureFormat.Lz4 or CaptureFormat.Xz:
                damaged($"{file.Name} is compressed more than once: take one compression off and try again");
                return ScanResult.Damaged;
            case CaptureFormat.Snoop:
                if (SnoopScanner.Refusal(first) is { } refusal)
                {
                    damaged($"{file.Name}, offset 8: {refusal}");
                    return ScanResult.Damaged;
                }
                _scanner = new SnoopScanner(first, settings.BlockBytes, filter, settings.ReaderId);
                _window.Position = SnoopScanner.FileHeader;
                break;
            default:
                if (PcapDialects.RecordHeader(first, format, all) is not { } recordHeader)
                    return ScanResult.NeedBytes;
                _scanner = new PcapScanner(first, format, recordHeader, settings.BlockBytes, filter, settings.ReaderId);
                _window.Position = PcapScanner.FileHeader;
                break;
        }
        return ScanResult.BatchFull;
    }

    /// <summary>Nothing more can be read. False when the graph takes no more.</summary>
    private async ValueTask<bool> EndAsync(ITargetBlock<PacketBatch> enqueue)
    {
        // a capture of one packet may have left open which dialect it is
        if (_scanner is null && _window.Unread.Length > 0)
        {
            ScanResult result = await ScanAsync(enqueue, ended: true).ConfigureAwait(false);
            if (result == ScanResult.BatchFull || !await FlushAsync(enqueue).ConfigureAwait(false))
                return false;
            if (result == ScanResult.Damaged)
                return true;
        }
        End();
        return true;
    }

    /// <summary>Says whether the end is a good one.</summary>
    private void End()
    {
        _complete = _bytes!.Failure is null;
        if (_bytes.Failure is EndOfStreamException cut && _scanner is null)
        {
            damaged($"{file.Name}: {cut.Message}; it holds less than a capture's header");
        }
        else if (_bytes.Failure is EndOfStreamException end)
        {
            settings.Warn?.Invoke($"{file.Name}, offset {_window.Origin + _window.End}: {end.Message}; what came before was read");
        }
        else if (_bytes.Failure is { } failure)
        {
            damaged(
                $"{file.Name}, offset {_window.Origin + _window.End}: can't be read on ({failure.Message}); what came before it was read, the rest was not"
            );
        }
        else if (_scanner is null)
        {
            EndBeforeHeader();
        }
        else if (_window.Unread.Length > 0 || !_scanner.AtBoundary)
        {
            settings.Warn?.Invoke($"{file.Name}, offset {_window.Offset}: the capture ends within a packet, which is left out");
        }
        // what holds nothing that is new is no source of this run
        if (_scanner is not null && _from <= 0)
            _source ??= newSource(_scanner.Fingerprint.Value, file.Uri);
    }

    private void EndBeforeHeader()
    {
        int length = _window.Unread.Length;
        if (length == 0)
            NoCapture($"{file.Name} is empty: not even a capture's header was written to it");
        else if (CaptureFormats.Recognise(_window.Unread) == CaptureFormat.Unknown)
            NoCapture($"{file.Name} is no capture: it has only {length} bytes");
        else
            damaged($"{file.Name}, offset {length}: the capture ends within its header; record or copy it again");
    }

    /// <summary>What is no capture is the user's mistake only when it was named: directories hold all kinds of files.</summary>
    private void NoCapture(string message)
    {
        if (file.FromDirectory)
            settings.Warn?.Invoke($"{message}; skipped");
        else
            damaged($"{message}: check what -r names");
    }

    private ScanResult Scan(PacketBatch batch)
    {
        ScanResult result;
        try
        {
            result = _scanner!.Scan(_window, batch);
        }
        catch (FlowPipeException e)
        {
            // the filter makes no sense for a link type of this capture; the next one may have another
            damaged($"{file.Name}: {e.Message}");
            return ScanResult.Damaged;
        }
        counts.AddFiltered(_scanner.Filtered - _filtered);
        _filtered = _scanner.Filtered;
        return result;
    }

    /// <summary>Hands on what the batch holds. False when the graph takes no more.</summary>
    private async ValueTask<bool> FlushAsync(ITargetBlock<PacketBatch> enqueue)
    {
        if (_batch is not { Count: > 0 } batch)
            return true;
        if (WantedFrom is not null && !LeaveOutKnown(batch))
            return true;
        _batch = null;
        ReadUpTo = batch.Records[batch.Count - 1].SourceOffset + 1;
        _source ??= newSource(_scanner!.Fingerprint.Value, file.Uri);
        _window.Block!.Lend(1);
        batch.Block = _window.Block;
        batch.Source = _source;
        int packets = batch.Count;
        if (!await enqueue.SendAsync(batch).ConfigureAwait(false))
        {
            batch.Recycle();
            return false;
        }
        counts.AddPackets(packets);
        return true;
    }

    /// <summary>Takes out of a batch what an earlier run has read. False when nothing is left of it.</summary>
    private bool LeaveOutKnown(PacketBatch batch)
    {
        if (_from < 0)
            ReadUpTo = _from = WantedFrom!(_scanner!.Fingerprint.Value);
        int known = 0;
        while (known < batch.Count && batch.Records[known].SourceOffset < _from)
            known++;
        batch.Records.AsSpan(known, batch.Count - known).CopyTo(batch.Records);
        batch.Count -= known;
        return batch.Count > 0;
    }
}
