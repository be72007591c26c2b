using Loggregator.Protocol.Grpc;

namespace Loggregator.Client.Consume.Acknowledged;

/// <summary>
/// Envelopes of one Doppler, at most about 64 KiB or one that is larger, as the bytes that came: <see cref="Records"/> is a whole
/// <c>EnvelopeBatch</c>. Before them stand the gaps that were told. Whoever takes it from the consumer owns it and disposes it, which gives its
/// buffer back to the pool; it is acknowledged before or after that.
/// </summary>
internal sealed class ConsumedFrame : IDisposable
{
    private readonly DopplerRun _run;
    private MessageBuffer? _buffer;

    internal ConsumedFrame(GroupMembership? origin, CursorMark mark, IReadOnlyList<ConsumedGap> gaps, in DopplerRun run)
    {
        (Origin, Mark, Gaps, _run) = (origin, mark, gaps, run);
        _buffer = run.Count > 0 ? run.Frame.Retain() : null;
    }

    /// <summary>Where the Doppler's log was read up to with this frame; its Doppler and incarnation make the cursor ids of the envelopes.</summary>
    public CursorMark Mark { get; }

    /// <summary>What was lost before the envelopes of this frame.</summary>
    public IReadOnlyList<ConsumedGap> Gaps { get; }

    /// <summary>Number of envelopes; may be 0 in a frame of gaps.</summary>
    public int Count => _run.Count;

    /// <summary>The envelopes as records of field 1, tag and length included: the bytes of an <c>EnvelopeBatch</c>. Valid until disposal.</summary>
    public ReadOnlyMemory<byte> Records => _buffer is { } buffer ? buffer.Memory.Slice(_run.Offset, _run.Length) : default;

    /// <summary>The buffer that <see cref="Records"/> are in, from <see cref="RecordsOffset"/> on; null when there are none. Who keeps it retains it.</summary>
    public MessageBuffer? Buffer => _buffer;

    /// <summary>Where in <see cref="Buffer"/> the first record starts.</summary>
    public int RecordsOffset => _run.Offset;

    /// <summary>
    /// The positions of the envelopes as packed varints: of each its distance to the one before, of the first to <see cref="PositionBefore"/>.
    /// Valid until disposal.
    /// </summary>
    public ReadOnlyMemory<byte> Positions => _buffer is { } buffer ? buffer.Memory.Slice(_run.Positions.Offset, _run.Positions.Length) : default;

    /// <summary>What the first of <see cref="Positions"/> is counted from.</summary>
    public ulong PositionBefore => _run.PositionBefore;

    internal GroupMembership? Origin { get; }

    /// <summary>What the subscription had got in all, this frame included: of which opening, how much of it, and what it charged, over all openings.</summary>
    internal (int Opening, long Envelopes, long Gaps, long Charge) End { get; init; }

    /// <summary>
    /// Everything that came from this frame's Doppler up to and including it is stored: it is not sent again, and what it took of the window is
    /// free. Frames of one Doppler must be acknowledged in their order, but not each of them; again, or after the link broke, changes nothing.
    /// Any thread, before or after disposal. Of a frame of a foreign <c>Egress</c>: nothing.
    /// </summary>
    public void Acknowledge() => Origin?.Acknowledge(this);

    /// <summary>Enumerates the envelopes with their positions: <c>foreach (var envelope in frame)</c>. Not beyond disposal.</summary>
    public ConsumedEnvelopes GetEnumerator() => new(Records.Span, Positions.Span, PositionBefore);

    /// <summary>Gives the buffer back. Once or more; not at the same time as it is read.</summary>
    public void Dispose() => Interlocked.Exchange(ref _buffer, null)?.Dispose();
}
