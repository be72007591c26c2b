using System.Text;
using Loggregator.Agent.Tagging;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Rings;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Agent.Ingress;

/// <summary>
/// Steps 1 to 3 of the spine: reads envelopes out of received messages, tags and numbers them and puts them into the ring. Any thread may
/// call it. Reading and tagging run side by side; stamps and counter totals are guarded by the ring's lock, which is taken once per
/// <see cref="Chunk"/> envelopes, so that their order is that of the ring.
/// </summary>
internal sealed class EnvelopeIntake
{
    /// <summary>Room for a counter's total and the stamp.</summary>
    public const int TailLength = 16 + Stamp.MaxLength;

    private const int Chunk = 128;
    private const int MaxStreams = 32 * 1024, MaxTotals = 10_000;

    // What a Doppler takes in one message, less what a batch adds to its only envelope.
    private const int MaxEnvelopeBytes = RawMethods.MaxMessageBytes - 64;

    [ThreadStatic]
    private static PreparedEnvelope[]? _room;

    [ThreadStatic]
    private static CounterKeys? _keys;

    private readonly FairRing _ring;
    private readonly LossTable _losses;
    private readonly AgentCounters _counters;
    private readonly HostTags _hostTags;
    private readonly StampTable _stamps = new(MaxStreams, Random.Shared.NextInt64());
    private readonly CounterTotals _totals = new(MaxTotals);
    private readonly long _seed = Random.Shared.NextInt64();

    public EnvelopeIntake(FairRing ring, LossTable losses, AgentCounters counters, HostTags hostTags)
    {
        _ring = ring;
        _losses = losses;
        _counters = counters;
        _hostTags = hostTags;
    }

    /// <summary>Takes an EnvelopeBatch. False when the message is malformed; the envelopes before that place were taken.</summary>
    public bool AcceptBatch(ReadOnlySpan<byte> message) => AcceptBatch(message, accumulates: false);

    /// <summary>Takes records of envelopes that came as v1, where a counter without total always adds to its total, be its delta 0.</summary>
    public void AcceptDropsondes(ReadOnlySpan<byte> records) => AcceptBatch(records, accumulates: true);

    private bool AcceptBatch(ReadOnlySpan<byte> message, bool accumulates)
    {
        var room = _room ??= new PreparedEnvelope[Chunk];
        using var scratch = MessageBuffer.Rent(Chunk * TailLength);
        var records = new RecordReader(message);
        long received = 0, bytes = 0;
        var count = 0;
        while (records.MoveNext())
        {
            received++;
            bytes += records.Current.Length;
            var offset = records.RecordOffset + records.RecordLength - records.Current.Length;
            if (!Prepare(message, new ByteRange(offset, records.Current.Length), scratch, ref room[count]))
            {
                continue;
            }

            room[count].Accumulates = accumulates;
            if (++count == Chunk)
            {
                Append(message, scratch, room.AsSpan(0, count));
                scratch.Clear();
                count = 0;
            }
        }

        Append(message, scratch, room.AsSpan(0, count));
        Interlocked.Add(ref _counters.Received, received);
        Interlocked.Add(ref _counters.ReceivedBytes, bytes);
        return !records.Malformed;
    }

    /// <summary>Takes one bare envelope.</summary>
    public void Accept(ReadOnlySpan<byte> envelope)
    {
        var room = _room ??= new PreparedEnvelope[Chunk];
        using var scratch = MessageBuffer.Rent(TailLength);
        if (Prepare(envelope, new ByteRange(0, envelope.Length), scratch, ref room[0]))
        {
            Append(envelope, scratch, room.AsSpan(0, 1));
        }

        Interlocked.Increment(ref _counters.Received);
        Interlocked.Add(ref _counters.ReceivedBytes, envelope.Length);
    }

    /// <summary>(1) Validates and reads; (2) writes what goes behind the envelope, but for its total and stamp. False when it is dropped.</summary>
    private bool Prepare(ReadOnlySpan<byte> message, ByteRange body, MessageBuffer scratch, ref PreparedEnvelope prepared)
    {
        var envelope = body.Of(message);
        if (!RawEnvelope.TryRead(envelope, out var header))
        {
            Interlocked.Increment(ref _counters.Invalid);
            return false;
        }

        prepared = new PreparedEnvelope { Timestamp = header.Timestamp, Type = header.Type, Body = body };
        if (PretendsToBeOurs(envelope, header))
        {
            var start = scratch.Length;
            ProtobufRewriting.AppendRenamed(envelope, scratch);
            prepared.Rewritten = true;
            prepared.Body = new ByteRange(start, scratch.Length - start);
            RawEnvelope.TryRead(prepared.Body.Of(scratch.Span), out header);
        }

        prepared.Source = Within(prepared.Body, header.SourceId);
        prepared.Instance = Within(prepared.Body, header.InstanceId);
        var suffix = scratch.Length;
        if (header.SourceId.Length == 0 || (header.Flags & EnvelopeFlags.DeprecatedTags) != 0)
        {
            Override(envelope, header, scratch, ref prepared);
        }

        prepared.Suffix = new ByteRange(suffix, scratch.Length - suffix);
        scratch.GetSpan(TailLength);
        scratch.Advance(TailLength); // written when the envelope's turn has come
        var length = _hostTags.Prefix.Length + prepared.Body.Length + prepared.Suffix.Length + TailLength;
        if (length > MaxEnvelopeBytes)
        {
            _losses.Add(Source(message, scratch, prepared), Instance(message, scratch, prepared), LossReason.TooLarge, 1, prepared.Timestamp);
            return false;
        }

        prepared.Stream = _stamps.KeyOf(Source(message, scratch, prepared), Instance(message, scratch, prepared), header.Type);
        if (header.Type == EnvelopeType.Counter)
        {
            Key(message, scratch, header, ref prepared);
        }

        return true;
    }

    private static bool PretendsToBeOurs(ReadOnlySpan<byte> envelope, in EnvelopeHeader header) =>
        (header.Flags & EnvelopeFlags.GapRecord) != 0
        || ((header.Flags & EnvelopeFlags.DeprecatedTags) != 0
            && header.Type == EnvelopeType.Counter
            && EnvelopeReader.Counter(envelope, header).Name.SequenceEqual("dropped"u8));

    /// <summary>The source id fallback and the deprecated tags. <paramref name="envelope"/> lies in the message: the scratch may grow meanwhile.</summary>
    private void Override(ReadOnlySpan<byte> envelope, in EnvelopeHeader header, MessageBuffer scratch, ref PreparedEnvelope prepared)
    {
        var origin = (header.Flags & EnvelopeFlags.DeprecatedTags) != 0
            ? ProtobufRewriting.AppendDeprecatedTags(prepared.Rewritten ? prepared.Body.Of(scratch.Span) : envelope, scratch)
            : null;
        if (header.SourceId.Length != 0)
        {
            return;
        }

        if (!EnvelopeReader.TryGetTag(envelope, "origin"u8, out var source))
        {
            if (origin is null)
            {
                return;
            }

            source = Encoding.UTF8.GetBytes(origin);
        }

        Interlocked.Increment(ref _counters.OriginMappings);
        EnvelopeWriter.SourceId(scratch, source);
        prepared.SourceInScratch = true;
        prepared.Source = new ByteRange(scratch.Length - source.Length, source.Length);
    }

    private void Key(ReadOnlySpan<byte> message, MessageBuffer scratch, in EnvelopeHeader header, ref PreparedEnvelope prepared)
    {
        _keys ??= new CounterKeys();
        var body = Body(message, scratch, prepared);
        var counter = EnvelopeReader.Counter(body, header);
        prepared.Delta = counter.Delta;
        prepared.Total = counter.Total;
        prepared.Counter = _keys.Make(
            _seed,
            counter.Name,
            Source(message, scratch, prepared),
            Instance(message, scratch, prepared),
            _hostTags.Prefix,
            body,
            prepared.Suffix.Of(scratch.Span));
    }

    /// <summary>(2) Counts totals and stamps, (3) appends to the ring.</summary>
    private void Append(ReadOnlySpan<byte> message, MessageBuffer scratch, ReadOnlySpan<PreparedEnvelope> envelopes)
    {
        if (envelopes.IsEmpty)
        {
            return;
        }

        using var writer = _ring.BeginWrite();
        foreach (ref readonly var envelope in envelopes)
        {
            var source = Source(message, scratch, envelope);
            var instance = Instance(message, scratch, envelope);
            var tail = scratch.Writable.Slice(envelope.Suffix.Offset + envelope.Suffix.Length, TailLength);
            var length = envelope.Type == EnvelopeType.Counter ? WriteTotal(tail, envelope) : 0;
            var (epoch, sequence) = _stamps.Next(envelope.Stream);
            length += Stamp.Write(tail[length..], epoch, sequence);
            var suffix = scratch.Span.Slice(envelope.Suffix.Offset, envelope.Suffix.Length + length);
            writer.Offer(source, instance, envelope.Timestamp, _hostTags.Prefix, Body(message, scratch, envelope), suffix);
        }

        Volatile.Write(ref _counters.TotalsEvicted, _totals.Evicted);
        Volatile.Write(ref _counters.StampsForgotten, _stamps.Forgotten);
    }

    /// <summary>Writes the counter's total as a second payload field: protobuf merges it into the first.</summary>
    private int WriteTotal(Span<byte> tail, in PreparedEnvelope envelope)
    {
        const byte CounterField = (5 << 3) | 2, TotalField = 3 << 3;
        var total = _totals.Next(envelope.Counter, envelope.Delta, envelope.Total, envelope.Accumulates);
        if (total == envelope.Total)
        {
            return 0;
        }

        var length = 3;
        for (; total >= 0x80; total >>= 7)
        {
            tail[length++] = (byte)(total | 0x80);
        }

        tail[length++] = (byte)total;
        (tail[0], tail[1], tail[2]) = (CounterField, (byte)(length - 2), TotalField);
        return length;
    }

    private static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> message, MessageBuffer scratch, in PreparedEnvelope envelope) =>
        envelope.Body.Of(envelope.Rewritten ? scratch.Span : message);

    private static ReadOnlySpan<byte> Source(ReadOnlySpan<byte> message, MessageBuffer scratch, in PreparedEnvelope envelope) =>
        envelope.Source.Of(envelope.Rewritten || envelope.SourceInScratch ? scratch.Span : message);

    private static ReadOnlySpan<byte> Instance(ReadOnlySpan<byte> message, MessageBuffer scratch, in PreparedEnvelope envelope) =>
        envelope.Instance.Of(envelope.Rewritten ? scratch.Span : message);

    private static ByteRange Within(ByteRange body, ByteRange field) => field.Length == 0 ? default : new ByteRange(body.Offset + field.Offset, field.Length);
}
