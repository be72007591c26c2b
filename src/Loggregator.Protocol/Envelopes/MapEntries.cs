using System.Buffers;

namespace Loggregator.Protocol.Envelopes;

/// <summary>
/// The entries of one map of an envelope: collected in wire order, then sorted bytewise by key with the last of equal keys kept. Starts in the
/// caller's stack space and goes on in a pooled array; dispose it.
/// </summary>
internal ref struct MapEntries(ReadOnlySpan<byte> envelope, Span<MapEntry> scratch)
{
    /// <summary>Entries that fit the stack: more than nearly all envelopes have.</summary>
    public const int ScratchSize = 24;

    private const int LargestPooled = 16 * 1024; // a message of 10 MiB may hold millions: the pool must not keep room for these
    private readonly ReadOnlySpan<byte> _envelope = envelope;
    private Span<MapEntry> _entries = scratch;
    private MapEntry[]? _rented;
    private int _count;

    /// <summary>What was collected.</summary>
    public readonly ReadOnlySpan<MapEntry> Entries => _entries[.._count];

    /// <summary>Gives the pooled array back.</summary>
    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<MapEntry>.Shared.Return(_rented);
            _rented = null;
        }
    }

    /// <summary>Collects one map field of the envelope: <see cref="Fields.Tags"/> or <see cref="Fields.DeprecatedTags"/>.</summary>
    public void Collect(uint map)
    {
        var fields = new FieldReader(_envelope);
        while (fields.MoveNext())
        {
            if (fields.Tag == map)
            {
                Add(fields.Range);
            }
        }
    }

    /// <summary>Collects the metrics of a gauge.</summary>
    public void CollectMetrics(scoped in EnvelopeHeader header)
    {
        var payloads = new PayloadReader(_envelope, header);
        while (payloads.MoveNext())
        {
            var fields = new FieldReader(payloads.Current);
            while (fields.MoveNext())
            {
                if (fields.Tag == Fields.GaugeMetrics)
                {
                    Add(new ByteRange(payloads.CurrentOffset + fields.Range.Offset, fields.Range.Length));
                }
            }
        }
    }

    /// <summary>Sorts by key and drops all but the last of equal keys.</summary>
    public void SortDistinct()
    {
        var entries = _entries[.._count];
        if (entries.Length <= 16)
        {
            InsertionSort(entries);
        }
        else
        {
            HeapSort(entries);
        }

        var kept = 0;
        for (var i = 0; i < entries.Length; i++)
        {
            if (i + 1 == entries.Length || CompareKeys(entries[i], entries[i + 1]) != 0)
            {
                entries[kept++] = entries[i];
            }
        }

        _count = kept;
    }

    private void Add(ByteRange entry)
    {
        ByteRange key = default, value = default;
        var fields = new FieldReader(entry.Of(_envelope));
        while (fields.MoveNext())
        {
            var range = new ByteRange(entry.Offset + fields.Range.Offset, fields.Range.Length);
            key = fields.Tag == Fields.Key ? range : key;
            value = fields.Tag == Fields.Value ? range : value;
        }

        if (_count == _entries.Length)
        {
            Grow();
        }

        _entries[_count] = new MapEntry(key, value, _count);
        _count++;
    }

    private void Grow()
    {
        var size = Math.Max(64, _count * 2);
        var rented = size > LargestPooled ? null : ArrayPool<MapEntry>.Shared.Rent(size);
        var larger = rented ?? new MapEntry[size];
        _entries.CopyTo(larger);
        Dispose();
        _rented = rented;
        _entries = larger;
    }

    private readonly int CompareKeys(in MapEntry left, in MapEntry right) =>
        left.Key.Of(_envelope).SequenceCompareTo(right.Key.Of(_envelope));

    private readonly int Compare(in MapEntry left, in MapEntry right)
    {
        var byKey = CompareKeys(left, right);
        return byKey != 0 ? byKey : left.Order - right.Order;
    }

    private readonly void InsertionSort(Span<MapEntry> entries)
    {
        for (var i = 1; i < entries.Length; i++)
        {
            var entry = entries[i];
            var at = i;
            for (; at > 0 && Compare(entries[at - 1], entry) > 0; at--)
            {
                entries[at] = entries[at - 1];
            }

            entries[at] = entry;
        }
    }

    // Never quadratic: the number of a tenant's tags is bounded by the message size alone.
    private readonly void HeapSort(Span<MapEntry> entries)
    {
        for (var root = (entries.Length / 2) - 1; root >= 0; root--)
        {
            SiftDown(entries, root);
        }

        for (var last = entries.Length - 1; last > 0; last--)
        {
            (entries[0], entries[last]) = (entries[last], entries[0]);
            SiftDown(entries[..last], 0);
        }
    }

    private readonly void SiftDown(Span<MapEntry> heap, int root)
    {
        while (true)
        {
            var child = (2 * root) + 1;
            if (child >= heap.Length)
            {
                return;
            }

            if (child + 1 < heap.Length && Compare(heap[child], heap[child + 1]) < 0)
            {
                child++;
            }

            if (Compare(heap[root], heap[child]) >= 0)
            {
                return;
            }

            (heap[root], heap[child]) = (heap[child], heap[root]);
            root = child;
        }
    }
}
