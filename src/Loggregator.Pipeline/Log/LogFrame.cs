using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Pipeline.Log;

/// <summary>
/// An outgoing message while records of the log are copied into it. Consecutive rows go as one block. One thread at a time.
/// </summary>
/// <param name="maxBytes">Records up to so many bytes together, or one that is larger.</param>
/// <param name="repeats">A record that goes to a subscription k times is written k times; else once, and the run says the rest.</param>
/// <param name="conversion">Makes dropsonde envelopes of the rows; null: their records are copied as they are.</param>
public abstract class LogFrame(int maxBytes, bool repeats, DropsondeRows? conversion = null)
{
    private const int FirstRent = 68 * 1024, Slack = 1024;
    private Segment? _segment; // of the block that is not copied yet
    private int _from, _to;
    private int _rent = FirstRent;

    /// <summary>The message so far; the owner takes it with <see cref="Take"/>.</summary>
    protected MessageBuffer? Buffer { get; private set; }

    /// <summary>Records in the message.</summary>
    public int Envelopes { get; private set; }

    /// <summary>How often envelopes are delivered by it: a record counts once for each time that a subscription gets it.</summary>
    public int Deliveries { get; private set; }

    /// <summary>Of <see cref="Deliveries"/>, those that are to be acknowledged: unwritten ones are not lost.</summary>
    public int Acknowledgeable { get; internal set; }

    /// <summary>Bytes of gap notices so far; a frame that has more than <see cref="MaxGapBytes"/> takes no further ones.</summary>
    public int GapBytes { get; protected set; }

    internal const int MaxGapBytes = 16 * 1024;

    /// <summary>Whether there is nothing to send.</summary>
    public virtual bool IsEmpty => Envelopes == 0 && Buffer is not { Length: > 0 };

    /// <summary>Bytes of the records so far.</summary>
    public int Bytes => (Buffer?.Length ?? 0) + (_to - _from);

    /// <summary>The most bytes of records, one larger record excepted.</summary>
    public int MaxBytes => maxBytes;

    /// <summary>The finished message, now the caller's; the frame is empty again.</summary>
    public virtual MessageBuffer Take()
    {
        Flush();
        var message = Buffer ?? MessageBuffer.Rent(0);
        Buffer = null;
        _rent = Math.Max(FirstRent, Math.Min(message.Length, maxBytes) + Slack); // the next one is likely to be as large: it need not grow
        Envelopes = 0;
        Deliveries = 0;
        Acknowledgeable = 0;
        GapBytes = 0;
        return message;
    }

    /// <summary>Tells what a subscription lost; it stands before the records that follow.</summary>
    protected internal abstract void Gap(uint subscription, in Loss loss);

    /// <summary>
    /// The last <paramref name="count"/> records, maybe none, go to these subscriptions, which then stand at a position.
    /// <paramref name="positions"/> are those of the records when they are to be acknowledged; else it is empty.
    /// </summary>
    protected internal abstract void Run(int count, ReadOnlySpan<uint> subscriptions, long nextPosition, ReadOnlySpan<long> positions);

    /// <summary>The buffer, when something else than a record is to be written behind the records so far.</summary>
    protected MessageBuffer Open()
    {
        Flush();
        return Buffer ??= MessageBuffer.Rent(_rent);
    }

    internal bool Repeats => repeats;

    /// <summary>Whether each row is converted by itself.</summary>
    protected internal bool IsConverted => conversion is not null;

    /// <summary>Bytes of records that still fit.</summary>
    internal int Room => Math.Max(maxBytes - Bytes, 0);

    internal bool HasRoom(int length) => Envelopes == 0 || Bytes + length <= maxBytes;

    /// <summary>
    /// Adds consecutive rows that go to so many receivers; just one row when it is to be repeated, is converted, or has more than its record.
    /// </summary>
    /// <returns>What they are in the message, repetitions aside.</returns>
    internal (int Records, int Bytes) Add(Segment segment, int row, int count, int receivers)
    {
        if (conversion is not null)
        {
            return Convert(conversion, segment, row, receivers);
        }

        var from = segment.Offsets[row];
        var to = count == 1 ? from + segment.RecordLength(row) : segment.Offsets[row + count];
        Deliveries += count * receivers;
        if (repeats && receivers > 1)
        {
            Flush();
            for (var i = 0; i < receivers; i++)
            {
                Append(segment, from, to);
            }

            Envelopes += receivers;
            return (count, to - from);
        }

        Envelopes += count;
        if (_segment == segment && _to == from)
        {
            _to = to;
            return (count, to - from);
        }

        Flush();
        (_segment, _from, _to) = (segment, from, to);
        return (count, to - from);
    }

    /// <summary>Copies the block; to be called before the gate is left, as the segment may be used for something else then.</summary>
    internal void Flush()
    {
        if (_segment is { } segment)
        {
            Append(segment, _from, _to);
            _segment = null;
            _from = _to = 0;
        }
    }

    // No subscription gets a converted row twice: it has one filter.
    private (int Records, int Bytes) Convert(DropsondeRows conversion, Segment segment, int row, int receivers)
    {
        var message = Open();
        var before = message.Length;
        var records = conversion.Write(segment, row, receivers, message);
        Deliveries += records > 0 ? receivers : 0;
        Envelopes += records;
        return (records, message.Length - before);
    }

    private void Append(Segment segment, int from, int to)
    {
        Buffer ??= MessageBuffer.Rent(Math.Max(_rent, to - from + Slack));
        segment.CopyTo(from, to, Buffer);
    }
}
