using Loggregator.Nozzle.Spool.Files;
using Loggregator.Nozzle.Spool.Format;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Nozzle.Spool;

/// <summary>A spool's folder looked at from outside, for people: nothing in it is changed, and a nozzle may be using it.</summary>
internal sealed class SpoolFolder
{
    private readonly DiskFiles _files;
    private readonly List<Segment> _segments;
    private readonly List<string> _damagedHeaders = [];
    private readonly RecordRanges _delivered = new();

    private SpoolFolder(DiskFiles files)
    {
        _files = files;
        var mark = ReadMark.Read(files);
        _segments = Recovery.Read(files, [], _damagedHeaders);
        HasMark = mark is not null;
        foreach (var range in mark?.Delivered ?? [])
        {
            _delivered.Add(range);
        }

        NextRecord = Math.Max(_segments.Count > 0 ? _segments[^1].Records.To : 1, _delivered.End);
        Segments = [.. _segments.Select(Describe)];
    }

    /// <summary>Sees an envelope of an export.</summary>
    public delegate void Visitor(ReadOnlySpan<byte> envelope);

    /// <summary>The segments, oldest first.</summary>
    public IReadOnlyList<SpoolSegment> Segments { get; }

    /// <summary>There is a read mark that can be read; without one everything counts as undelivered.</summary>
    public bool HasMark { get; }

    /// <summary>What was delivered, by the numbers of the envelopes.</summary>
    public IReadOnlyList<RecordRange> Delivered => _delivered.Ranges;

    /// <summary>The number that the next envelope gets.</summary>
    public ulong NextRecord { get; }

    /// <summary>Reads what a folder holds.</summary>
    /// <exception cref="SpoolException">It is no spool's folder, cannot be read, or was written by a newer version.</exception>
    public static SpoolFolder Open(string directory)
    {
        try
        {
            var files = new DiskFiles(Path.GetFullPath(directory));
            return files.List().Any(file => SegmentName.TryRead(file.Name, out _, out _) || file.Name.StartsWith(ReadMark.Prefix, StringComparison.Ordinal))
                ? new SpoolFolder(files)
                : throw new SpoolException($"{directory} holds no spool: neither segments nor a read mark. Give the folder of one sink.");
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            throw new SpoolException($"{directory} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads every block, one segment after the other.</summary>
    public IEnumerable<SegmentCheck> Check()
    {
        foreach (var (segment, described) in _segments.Zip(Segments))
        {
            long blocks = 0, records = 0;
            if (Walk(segment, walk =>
            {
                blocks++;
                records += (long)(walk.Block.NextRecord - walk.Block.FirstRecord);
            }) is not { } damaged)
            {
                continue;
            }

            var unfinished = segment == _segments[^1] ? segment.FileLength - segment.Length : 0;
            yield return new SegmentCheck(
                described, blocks, _damagedHeaders.Contains(segment.Name), damaged, Math.Max(0, (long)segment.Records.Count - records), unfinished);
        }
    }

    /// <summary>Shows the envelopes that can be read, oldest first: the undelivered ones, or all that are still there.</summary>
    /// <returns>How many undelivered envelopes cannot be read.</returns>
    public long Export(bool delivered, Visitor visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        long missing = 0;
        foreach (var segment in _segments)
        {
            var read = new RecordRanges();
            var there = Walk(segment, walk =>
            {
                var range = new RecordRange(walk.Block.FirstRecord, walk.Block.NextRecord);
                read.Add(range);
                if (!delivered && _delivered.Covers(range))
                {
                    return;
                }

                var records = new RecordReader(walk.Records);
                while (records.MoveNext())
                {
                    visit(records.Current);
                }
            });
            _delivered.Ranges.ToList().ForEach(range => read.Add(range));
            missing += there is null ? 0 : (long)(segment.Records.Count - read.CountIn(segment.Records));
        }

        return missing;
    }

    // Goes through the blocks that count, and returns the number of damaged places between them; null when the nozzle has delivered and removed it meanwhile.
    private int? Walk(Segment segment, Action<SegmentWalk> visit)
    {
        if (!Recovery.TryOpen(_files, segment.Name, out var file))
        {
            return null;
        }

        using var opened = file;
        using var walk = new SegmentWalk(file, segment.Salt, SegmentHeader.Length, SegmentWalk.UsualWindow);
        var next = segment.Records.From;
        while (walk.MoveNext(segment.Length) && walk.Block.FirstRecord < segment.Records.To)
        {
            if (walk.Block.NextRecord > next)
            {
                next = walk.Block.NextRecord;
                visit(walk);
            }
        }

        return walk.Damaged;
    }

    private SpoolSegment Describe(Segment segment)
    {
        var held = (long)(segment.Records.Count - _delivered.CountIn(segment.Records));
        var lost = segment.Lost > 0 ? held : 0;
        return new SpoolSegment(segment.Name, segment.FileLength, segment.Records, held - lost, lost, segment.CreatedAt);
    }
}
