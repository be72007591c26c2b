using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Attach;

/// <summary>Writes what one subscription reads into frames, as far as its credit goes; what is too large for it is dropped and told. The pump only.</summary>
internal sealed class PageWriter(uint subscription, FrameWriter frame, TrafficControllerCounters counters)
{
    private long _credit;
    private int _at; // of the page under way, where it goes on

    /// <summary>What is read, and told there if it is dropped.</summary>
    public required EnvelopeStream Stream { get; set; }

    /// <summary>Larger envelopes are dropped.</summary>
    public required int MaxEnvelopeBytes { get; set; }

    public bool HasCredit => _credit > 0;

    /// <summary>Nothing more can be written into this frame.</summary>
    public bool Full => _credit <= 0 || frame.Full;

    /// <summary>A page is written in part.</summary>
    public bool InPage => _at != 0;

    /// <summary>Deliveries of that page which were written or dropped.</summary>
    public long Handled { get; private set; }

    private bool IsV1 => Stream.Request.V1 is not null;

    public void Grant(ulong bytes) => _credit += (long)Math.Min(bytes, (ulong)(long.MaxValue - Math.Max(_credit, 0)));

    /// <summary>Gives up the page under way.</summary>
    public void Abandon()
    {
        _at = 0;
        Handled = 0;
    }

    /// <summary>Writes one envelope, whether it fits or not.</summary>
    public void Write(ReadOnlySpan<byte> envelope, int copies)
    {
        if (envelope.Length > MaxEnvelopeBytes)
        {
            Drop(envelope, copies);
            return;
        }

        frame.Add(subscription, envelope, copies, IsV1);
        _credit -= (long)(Records.HeaderLength(envelope.Length) + envelope.Length) * copies;
    }

    /// <summary>
    /// Writes a page, or what is left of it. False: the frame is full, or there is no credit left. A page is torn only where there is no credit
    /// for all of it, or no frame that it fits.
    /// </summary>
    public bool Write(Page page)
    {
        while (_at < page.Records.Length)
        {
            var rest = page.Records[_at..];
            if (Full || NeedsAnotherFrame(rest))
            {
                return false;
            }

            var (length, count) = Block(page, rest);
            if (count > 0)
            {
                frame.Add(subscription, rest[..length], count, page.Copies, IsV1);
                _credit -= (long)length * page.Copies;
            }
            else
            {
                (length, count) = (DropFirst(rest, page.Copies), 1);
            }

            _at += length;
            Handled += (long)count * page.Copies;
        }

        Abandon();
        return true;
    }

    // A page that fits a frame is not torn for what is in this one already; nor is a frame made larger by its last record.
    private bool NeedsAnotherFrame(ReadOnlySpan<byte> rest)
    {
        if (frame.IsEmpty || rest.Length <= frame.Room)
        {
            return false;
        }

        var first = new RecordReader(rest);
        return (_at == 0 && rest.Length <= FrameWriter.MaxBytes) || (first.MoveNext() && first.RecordLength > frame.Room);
    }

    // The records that fit; at least one, unless the first is too large for this client.
    private (int Length, int Count) Block(Page page, ReadOnlySpan<byte> rest)
    {
        var room = Math.Min(frame.Room, _credit / page.Copies);
        if (_at == 0 && rest.Length <= Math.Min(room, MaxEnvelopeBytes))
        {
            return (rest.Length, page.Count);
        }

        var (length, count) = (0, 0);
        var records = new RecordReader(rest);
        while (records.MoveNext() && records.Current.Length <= MaxEnvelopeBytes
            && (count == 0 || records.RecordOffset + records.RecordLength <= room))
        {
            length = records.RecordOffset + records.RecordLength;
            count++;
        }

        return (length, count);
    }

    private int DropFirst(ReadOnlySpan<byte> records, int copies)
    {
        var first = new RecordReader(records);
        first.MoveNext();
        Drop(first.Current, copies);
        return first.RecordOffset + first.RecordLength;
    }

    private void Drop(ReadOnlySpan<byte> envelope, int copies)
    {
        Interlocked.Add(ref counters.DroppedTooLarge, copies);
        if (Stream.Request.V1 is { } v1)
        {
            Stream.AddGap(v1.AppId, LossReason.TooLarge, (ulong)copies);
        }
        else if (RawEnvelope.TryReadHeader(envelope, out var header))
        {
            Stream.AddGap(envelope, header, LossReason.TooLarge, (ulong)copies);
        }
    }
}
