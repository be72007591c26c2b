namespace Loggregator.Pipeline.Log;

/// <summary>
/// Takes out kept segments without live rows, and copies a run of neighbours together where that frees a whole segment. As runs are short, and
/// what a run frees is at least a segment, a row is copied but a few times for each that was evicted. Append lock, and the gates of all who may
/// stand there. Of packed segments it takes out those whose live rows take less memory as they came.
/// </summary>
internal sealed class Compaction(SegmentList segments, SegmentPool pool)
{
    private const int Longest = 16; // segments of a run: one of so many may be unused
    private readonly List<Segment> _run = new(Longest);

    /// <summary>Takes out what is empty, and if there is nothing empty, compacts one run. False if there was neither.</summary>
    public bool Run()
    {
        Segment? before = null, next; // before is before the run
        long unused = 0;
        var emptied = false;
        _run.Clear();
        for (var segment = segments.Oldest; segment != segments.OldestYoung; segment = next)
        {
            next = segment.Next!;
            if (segment.LiveRows == 0)
            {
                segments.UnlinkKept(_run.Count > 0 ? _run[^1] : before, segment);
                pool.Return(segment);
                emptied = true;
                continue;
            }

            if (segment.Packed is not null && segment != segments.LastKept && Unused(segment) > 0 && !emptied)
            {
                MoveAlone(_run.Count > 0 ? _run[^1] : before, segment);
                return true;
            }

            if (segment.Count == 1 || segment == segments.LastKept || segment.Packed is not null)
            {
                if (pool.IsPacking && !emptied && _run.FindIndex(one => Unused(one) > one.Bytes.Length / 4) is >= 0 and var sparse)
                {
                    MoveAlone(sparse > 0 ? _run[sparse - 1] : before, _run[sparse]);
                    return true;
                }

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
            if (unused > pool.SegmentBytes * 9L / 8 && !emptied && Frees())
            {
                Rewrite(before, next);
                return true;
            }
        }

        return emptied;
    }

    // Of a packed one, what it takes beyond that which its live rows would take; often less than nothing.
    private static long Unused(Segment segment) => segment.Packed is null ? segment.Bytes.Length - segment.LiveBytes : -segment.Saved;

    // A packed one of which so many rows are dead that the others take less as they came; or one that has none but packed ones beside it, with which it cannot
    // be copied together. It gets just the memory that it needs.
    private void MoveAlone(Segment? before, Segment segment)
    {
        segments.Discount(segment);
        var moved = SegmentPool.MakeKept(segment.LiveBytes, segment.LiveRows);
        for (var row = 0; row < segment.Count; row++)
        {
            if (segment.Kinds[row] != RowKind.Dead)
            {
                moved.Keep(segment, row);
            }
        }

        segments.ReplaceKept(before, segment.Next!, moved, moved);
        pool.Return(segment);
    }

    // Long rows leave more unused between them than there may be to gain.
    private bool Frees()
    {
        long before = 0, after = pool.SegmentBytes;
        var room = pool.SegmentBytes;
        foreach (var segment in _run)
        {
            before += segment.Bytes.Length;
            var count = segment.Count;
            for (var row = 0; row < count; row++)
            {
                var length = segment.Kinds[row] == RowKind.Dead ? 0 : segment.LengthOf(row);
                if (length > room)
                {
                    room = Math.Max(pool.SegmentBytes, length);
                    after += room;
                }

                room -= length;
            }
        }

        return after < before;
    }

    private void Rewrite(Segment? before, Segment behind)
    {
        _run.ForEach(segments.Discount);
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
                    var next = pool.RentKept(segment.LengthOf(row));
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

            pool.Return(segment); // the next one that is needed
        }

        last!.Fit();
        segments.ReplaceKept(before, behind, first!, last);
    }
}
