using Loggregator.Nozzle.Spool.Format;

namespace Loggregator.Nozzle.Spool;

/// <summary>What the spool knows of one segment's file. Guarded by the spool's gate.</summary>
internal sealed class Segment(ulong number, ulong salt, ulong firstRecord, long createdAt)
{
    private const long PlaceBytes = 256 * 1024;

    private readonly List<(ulong Record, long Offset)> _places = [];

    public ulong Number => number;

    public ulong Salt => salt;

    public string Name { get; } = SegmentName.Of(number, salt);

    /// <summary>UNIX nanoseconds.</summary>
    public long CreatedAt => createdAt;

    /// <summary>What it holds or should hold.</summary>
    public RecordRange Records { get; set; } = new(firstRecord, firstRecord);

    /// <summary>Bytes that may be read: durable, and before the end that a crash may have left.</summary>
    public long Length { get; set; }

    /// <summary>Bytes on disk.</summary>
    public long FileLength { get; set; }

    /// <summary>Envelopes that gap records in this segment stand for; 0: it holds envelopes.</summary>
    public ulong Lost { get; set; }

    /// <summary>Grows when the file's content is replaced: offsets into it are then void.</summary>
    public int Version { get; private set; }

    /// <summary>The reader has its file under its eyes: it must not be replaced.</summary>
    public int Pins { get; set; }

    /// <summary>It is being replaced by gap records: it must not be read.</summary>
    public bool Leaving { get; set; }

    /// <summary>Remembers where a record begins, unless a place shortly before it is known.</summary>
    public void Note(ulong record, long offset)
    {
        if (_places.Count == 0 || offset - _places[^1].Offset >= PlaceBytes)
        {
            _places.Add((record, offset));
        }
    }

    /// <summary>A place at or before a record's from which blocks can be read.</summary>
    public long OffsetBefore(ulong record) => _places.FindLast(place => place.Record <= record) is { Offset: > 0 } place ? place.Offset : SegmentHeader.Length;

    /// <summary>Its content was replaced by so many bytes of gap records for these records.</summary>
    public void Replaced(RecordRange records, ulong lost, long length)
    {
        (Records, Lost, Length, FileLength) = (records, lost, length, length);
        Version++;
        _places.Clear();
    }
}
