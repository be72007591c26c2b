using System.Buffers;
using Loggregator.Client.Consume;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V1;
using Loggregator.TrafficController.Streams.WebSocket;

namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// The envelopes of one run, shared by every client that they go to: each of the owners releases it once. What has to be computed of
/// them (traits, JSON) is computed by the first who needs it, for all. Any thread.
/// </summary>
internal sealed class Page
{
    private readonly Lock _sync = new();
    private readonly MessageBuffer _buffer;
    private readonly int _offset;
    private readonly int _length;
    private MessageBuffer? _json;
    private V1Frames? _frames;
    private PageTraits _traits;
    private StampMark[]? _marks;
    private int _marked;
    private int _owners;
    private readonly Page? _whole;

    private Page(MessageBuffer buffer, int offset, in DopplerRun run, Line? origin, int owners)
    {
        _buffer = buffer;
        _offset = offset;
        _length = run.Length;
        _owners = owners;
        Count = run.Count;
        Copies = run.Copies;
        Origin = origin;
        Live = origin is { HistoryDone: true };
        Charge = run.Charge;
    }

    // What is left of a page for one stream; it is charged as the whole page was.
    private Page(MessageBuffer buffer, int count, Page whole)
        : this(buffer, 0, new DopplerRun(buffer, 0, buffer.Length, count, whole.Copies), whole.Origin, owners: 1)
    {
        _whole = whole;
        Live = whole.Live;
        Charge = whole.Charge;
    }

    /// <summary>Records in it.</summary>
    public int Count { get; }

    /// <summary>How often each record is to be delivered.</summary>
    public int Copies { get; }

    /// <summary>Envelopes to deliver.</summary>
    public long Deliveries => (long)Count * Copies;

    /// <summary>What it took of the subscription's credit.</summary>
    public long Charge { get; }

    /// <summary>The subscription that brought it; null: an original Doppler.</summary>
    public Line? Origin { get; }

    /// <summary>It was read behind what the Doppler held when the subscription was opened.</summary>
    public bool Live { get; }

    /// <summary>The stamps of an unsharded subscription's envelopes; valid until the caller's release.</summary>
    public ReadOnlySpan<StampMark> Marks => Traits == PageTraits.None ? default : _marks.AsSpan(0, _marked);

    /// <summary>The records, as in a batch message.</summary>
    public ReadOnlySpan<byte> Records => _buffer.Span.Slice(_offset, _length);

    /// <summary>What the envelopes have.</summary>
    public PageTraits Traits
    {
        get
        {
            lock (_sync)
            {
                return _traits != PageTraits.None ? _traits : _traits = Scan();
            }
        }
    }

    /// <summary>
    /// A page of this run. A run that is a small part of its frame is copied, so that what waits for a slow client pins no more than about
    /// four times its own size.
    /// </summary>
    public static Page Of(in DopplerRun run, Line? origin, int owners)
    {
        if (run.Length >= run.Frame.Length / 4)
        {
            return new Page(run.Frame.Retain(), run.Offset, run, origin, owners);
        }

        var copy = MessageBuffer.Rent(run.Length);
        copy.Write(run.Frame.Span.Slice(run.Offset, run.Length));
        return new Page(copy, 0, run, origin, owners);
    }

    /// <summary>The envelopes as JSON objects with preferred tags and commas between them; valid until the caller's release.</summary>
    public ReadOnlySpan<byte> Json
    {
        get
        {
            lock (_sync)
            {
                return (_json ??= Encode()).Span;
            }
        }
    }

    /// <summary>The envelopes as WebSocket messages of version 1; valid until the caller's release.</summary>
    public V1Frames Frames
    {
        get
        {
            lock (_sync)
            {
                return _frames ??= new V1Frames(Records, Count, Copies, lines: Origin?.Request.V1 is { TakesCounters: false });
            }
        }
    }

    /// <summary>Adds an owner.</summary>
    public void Retain() => Interlocked.Increment(ref _owners);

    /// <summary>One owner is done.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _owners) == 0)
        {
            _buffer.Dispose();
            _json?.Dispose();
            _whole?.Release();
            _frames?.Dispose();
            if (_marks is { } marks)
            {
                ArrayPool<StampMark>.Shared.Return(marks);
            }
        }
    }

    /// <summary>The bare envelope of the record at this offset.</summary>
    public ReadOnlySpan<byte> EnvelopeAt(int offset)
    {
        var records = new RecordReader(Records[offset..]);
        return records.MoveNext() ? records.Current : default;
    }

    /// <summary>The timestamp of one of its envelopes, which are of either version; 0 where there is none.</summary>
    public long TimestampOf(ReadOnlySpan<byte> envelope)
    {
        if (Origin is { Request.V1: not null })
        {
            return DropsondeEnvelope.TryRead(envelope, out var v1) == ConversionFault.None ? v1.Timestamp : 0;
        }

        return RawEnvelope.TryReadHeader(envelope, out var header) ? header.Timestamp : 0;
    }

    /// <summary>A page of the other records; takes over the caller's ownership of this one.</summary>
    /// <param name="offsets">Of the records to leave out, ascending.</param>
    public Page Without(List<int> offsets)
    {
        var rest = MessageBuffer.Rent(_length);
        var left = 0;
        var records = new RecordReader(Records);
        while (records.MoveNext())
        {
            if (left < offsets.Count && offsets[left] == records.RecordOffset)
            {
                left++;
            }
            else
            {
                rest.Write(Records.Slice(records.RecordOffset, records.RecordLength));
            }
        }

        return new Page(rest, Count - left, this);
    }

    private PageTraits Scan()
    {
        var traits = PageTraits.Known;
        _marks = Origin is { Request.ProvableTypes: not 0 } ? ArrayPool<StampMark>.Shared.Rent(Count) : null;
        var records = new RecordReader(Records);
        while (records.MoveNext())
        {
            if (RawEnvelope.TryReadHeader(records.Current, out var header))
            {
                traits |= (header.Flags & EnvelopeFlags.DeprecatedTags) != 0 ? PageTraits.DeprecatedTags : PageTraits.None;
                traits |= (header.Flags & EnvelopeFlags.Tags) != 0 ? PageTraits.Tags : PageTraits.None;
                traits |= (header.Flags & EnvelopeFlags.GapRecord) != 0 ? PageTraits.GapRecords : PageTraits.None;
                if (_marks is not null && StampMark.TryRead(records.Current, header, records.RecordOffset, out _marks[_marked]))
                {
                    _marked++;
                }
            }
        }

        return traits;
    }

    private MessageBuffer Encode()
    {
        var json = MessageBuffer.Rent(_length * 2 * Copies);
        var records = new RecordReader(Records);
        while (records.MoveNext())
        {
            for (var copy = 0; copy < Copies; copy++)
            {
                if (json.Length > 0)
                {
                    json.Write(","u8);
                }

                EnvelopeForms.WriteJson(json, records.Current);
            }
        }

        return json;
    }
}
