using Loggregator.Protocol.Envelopes;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Cursors;

/// <summary>What one Doppler has sent of its history and the merge has not taken yet, oldest first.</summary>
internal sealed class HistoryQueue(Membership member)
{
    private readonly Queue<StreamItem> _items = new();
    private int _at; // of the first record that was not taken, in the first page
    private int _length; // of that record
    private long _received; // records
    private long _taken; // deliveries of the first page that were taken

    public Membership Member { get; } = member;

    /// <summary>Nothing more comes that belongs to history.</summary>
    public bool Done { get; set; }

    /// <summary>How many records its Doppler has announced; null when it has not said.</summary>
    public long? Announced { get; set; }

    /// <summary>How many records it is or will be, as far as that is known.</summary>
    public long? Total => Done ? _received : Announced;

    /// <summary>Bytes of the records that were not taken, or are in the first page.</summary>
    public long Bytes { get; private set; }

    public bool HasHead { get; private set; }

    /// <summary>Timestamp of the first record.</summary>
    public long Timestamp { get; private set; }

    public Page Page => _items.Peek().Page!;

    /// <summary>The first record, its header included, as a range of its page.</summary>
    public (int Offset, int Length) Record => (_at, _length);

    /// <summary>The first record's envelope.</summary>
    public ReadOnlySpan<byte> Envelope
    {
        get
        {
            var reader = new RecordReader(Page.Records.Slice(_at, _length));
            return reader.MoveNext() ? reader.Current : default;
        }
    }

    public void Add(in StreamItem item)
    {
        _items.Enqueue(item);
        _received += item.Page!.Deliveries / item.Page.Copies;
        Bytes += item.Page.Records.Length;
        if (!HasHead)
        {
            _at = 0;
            ReadHead();
        }
    }

    /// <summary>Envelopes in it.</summary>
    public long Deliveries => _items.Sum(item => item.Page!.Deliveries) - _taken;

    /// <summary>Goes on behind the first record; a page that is used up is handed back.</summary>
    public StreamItem? Advance()
    {
        _at += _length;
        _taken += Page.Copies;
        StreamItem? used = null;
        if (_at >= Page.Records.Length)
        {
            used = _items.Dequeue();
            Bytes -= used.Value.Page!.Records.Length;
            _at = 0;
            _taken = 0;
        }

        ReadHead();
        return used;
    }

    /// <summary>Takes a page out, whatever is left of it; false when there is none.</summary>
    public bool TryTakePage(out StreamItem item)
    {
        HasHead = false;
        return _items.TryDequeue(out item);
    }

    private void ReadHead()
    {
        HasHead = _items.Count > 0;
        if (!HasHead)
        {
            return;
        }

        var reader = new RecordReader(Page.Records[_at..]);
        reader.MoveNext();
        _length = reader.RecordOffset + reader.RecordLength;
        Timestamp = Page.TimestampOf(reader.Current);
    }
}
