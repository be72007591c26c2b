namespace Loggregator.Pipeline.Log;

/// <summary>
/// Takes out kept segments without live rows, and copies a run of neighbours together where that frees a whole segment. As runs are short, and
/// what a run frees is at least a segment, a row is copied but a few times for each that was evicted. Append lock, and the gates of all who may
/// stand there.
/// </summary>
internal sealed class Compaction(SegmentList segments, SegmentPool pool)
{
    private const int Longest = 16; // segments of a run: so much of the kept segments may be unused, one by this
    private readonly List<Segment> _run = new(Longest);

    /// <summary>Takes out what is empty, and if there is nothing empty, compacts one run.</summary>
    public void Run(List<Segment> retired)
    {
        Segment? before = null; // the run
        long unused = 0;
        _run.Clear();
        for (var segment = segments.Oldest; segment != segments.OldestYoung; segment = segment.Next!)
        {
            if (segment.LiveRows == 0)
            {
                segments.UnlinkKept(_run.Count > 0 ? _run[^1] : before, segment);
                retired.Add(segment);
                continue;
            }

            if (segment.Bytes.Length != pool.SegmentBytes || segment == segments.LastKept)
            {
                unused = 0;
                _run.Clear();
                before = segment;
                continue;
            }

            if (_run.Count == Longest)
            {
                before = _run[0];
                unused -= Unused(before);
                _run.RemoveAt(0);
            }

            _run.Add(segment);
            unused += Unused(segment);
            if (unused > pool.SegmentBytes * 9L / 8 && retired.Count == 0 && Needed() < _run.Count)
            {
                Rewrite(before);
                retired.AddRange(_run);
                return;
            }
        }
    }

    private static long Unused(Segment segment) => segment.Bytes.Length - segment.LiveBytes;

    // Segments for the live rows of the run: long ones leave more unused between them.
    private int Needed()
    {
        var needed = 1;
        var room = pool.SegmentBytes;
        foreach (var segment in _run)
        {
            var count = segment.Count;
            for (var row = 0; row < count; row++)
            {
                var length = segment.Kinds[row] == RowKind.Dead ? 0 : segment.LengthOf(row);
                if (length > room)
                {
                    needed++;
                    room = pool.SegmentBytes;
                }

                room -= length;
            }
        }

        return needed;
    }

    private void Rewrite(Segment? before)
    {
        Segment? first = null, last = null;
        foreach (var segment in _run)
        {
            var count = segment.Count;
            for (var row = 0; row < count; row++)
            {
                if (segment.Kinds[row] == RowKind.Dead)
                {
                    continue;
                }

                if (last is null || !last.HasRoom(segment.LengthOf(row)))
                {
                    var next = pool.RentKept(0);
                    first ??= next;
                    if (last is not null)
                    {
                        last.Fit();
                        last.Next = next;
                    }

                    last = next;
                }

                last.Keep(segment, row);
            }
        }

        last!.Fit();
        segments.ReplaceKept(before, _run[0], _run[^1], first!, last);
    }
}
