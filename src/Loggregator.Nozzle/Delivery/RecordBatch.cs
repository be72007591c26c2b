using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Loggregator.Client.Consume;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Nozzle.Delivery;

/// <summary>
/// Records on their way to a sink: raw envelopes side by side in one pooled buffer, with a row each. One owner at a time: the source while it
/// fills it, then the delivery loop; a sink may use it, and note what became of each record, until it has answered. Not thread safe.
/// </summary>
internal sealed class RecordBatch : IDisposable
{
    /// <summary>The most bytes that <see cref="WriteId"/> writes.</summary>
    public const int MaxIdLength = MaxDopplerId + 1 + 16 + 1 + 20;

    private const int MaxDopplerId = 256;
    private readonly MessageBuffer _bytes = MessageBuffer.Rent(64 * 1024);
    private readonly List<(DopplerIdentity Doppler, byte[] Prefix)> _origins = []; // the prefix is "id/incarnation/" in UTF-8
    private readonly List<Refusal> _refusals = [];
    private Row[] _rows = new Row[256];
    private DopplerIdentity? _origin;

    /// <summary>Number of records.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of their envelopes.</summary>
    public int Bytes => _bytes.Length;

    /// <summary>Records that are neither delivered nor refused.</summary>
    public int Pending { get; private set; }

    /// <summary>What the sink refused, in the order of refusing.</summary>
    public IReadOnlyList<Refusal> Refusals => _refusals;

    /// <summary>Where its source stood behind the last record; means something to the source alone.</summary>
    public long Mark { get; set; }

    /// <summary>Counts the batches of one delivery loop from 1, in the order in which they were taken.</summary>
    public long Sequence { get; internal set; }

    /// <summary>How often the sink has had it before.</summary>
    public int Attempts { get; internal set; }

    /// <summary>Appends one record.</summary>
    /// <param name="envelope">Its bytes, validated by an earlier tier.</param>
    /// <param name="origin">The Doppler that it was read from.</param>
    /// <param name="position">Its position in that Doppler's log.</param>
    public void Add(ReadOnlySpan<byte> envelope, DopplerIdentity origin, ulong position)
    {
        if (!ReferenceEquals(origin, _origin))
        {
            _origin = origin;
            _origins.Add((origin, Prefix(origin)));
        }

        if (Count == _rows.Length)
        {
            Array.Resize(ref _rows, Count * 2);
        }

        _rows[Count++] = new Row { Offset = _bytes.Length, Length = envelope.Length, Origin = _origins.Count - 1, Position = position };
        Pending++;
        _bytes.Write(envelope);
    }

    /// <summary>A record's envelope.</summary>
    public ReadOnlySpan<byte> Envelope(int index) => _bytes.Span.Slice(_rows[index].Offset, _rows[index].Length);

    /// <summary>A record's envelope with its header.</summary>
    public ReadOnlySpan<byte> Envelope(int index, out EnvelopeHeader header)
    {
        var envelope = Envelope(index);
        RawEnvelope.TryReadHeader(envelope, out header);
        return envelope;
    }

    /// <summary>The Doppler that a record was read from.</summary>
    public DopplerIdentity Origin(int index) => _origins[_rows[index].Origin].Doppler;

    /// <summary>
    /// Writes a record's id, <c>doppler/incarnation/position</c>, the incarnation in 16 hex digits, and returns its length. The same record has
    /// the same id however often it is delivered.
    /// </summary>
    public int WriteId(int index, Span<byte> target)
    {
        ref readonly var row = ref _rows[index];
        var prefix = _origins[row.Origin].Prefix;
        prefix.CopyTo(target);
        row.Position.TryFormat(target[prefix.Length..], out var digits, default, CultureInfo.InvariantCulture);
        return prefix.Length + digits;
    }

    /// <summary>A record's id as a string, for messages.</summary>
    public string Id(int index)
    {
        Span<byte> id = stackalloc byte[MaxIdLength];
        return Encoding.UTF8.GetString(id[..WriteId(index, id)]);
    }

    /// <summary>What has become of a record.</summary>
    public RecordState State(int index) => _rows[index].State;

    /// <summary>Notes that the receiver has a record.</summary>
    public void Deliver(int index) => Settle(index, RecordState.Delivered);

    /// <summary>Notes that the receiver has all records that are pending.</summary>
    public void DeliverRest()
    {
        for (var i = 0; Pending > 0 && i < Count; i++)
        {
            Deliver(i);
        }
    }

    /// <summary>Notes that a record can never be delivered.</summary>
    /// <param name="index">Which.</param>
    /// <param name="reason">Under what it is counted: <see cref="LossReason.TooLarge"/>, <see cref="LossReason.Invalid"/> or <see cref="LossReason.Refused"/>.</param>
    /// <param name="why">In words, for the dead-letter file.</param>
    public void Refuse(int index, LossReason reason, string why)
    {
        if (Settle(index, RecordState.Refused))
        {
            _refusals.Add(new Refusal(index, reason, why));
        }
    }

    /// <summary>Forgets everything, keeps the room.</summary>
    public void Clear()
    {
        _bytes.Clear();
        _origins.Clear();
        _refusals.Clear();
        (_origin, Count, Pending, Mark, Sequence, Attempts) = (null, 0, 0, 0, 0, 0);
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private static byte[] Prefix(DopplerIdentity origin)
    {
        var id = Encoding.UTF8.GetBytes(origin.Id);
        var length = Math.Min(id.Length, MaxDopplerId);
        while (length > 0 && !Utf8.IsValid(id.AsSpan(0, length)))
        {
            length--;
        }

        return [.. id.AsSpan(0, length), .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/{origin.Incarnation:x16}/"))];
    }

    private bool Settle(int index, RecordState state)
    {
        ref var row = ref _rows[index];
        if (row.State != RecordState.Pending)
        {
            return false;
        }

        row.State = state;
        Pending--;
        return true;
    }

    /// <summary>A record that the sink refused.</summary>
    /// <param name="Index">Which.</param>
    /// <param name="Reason">Under what it is counted.</param>
    /// <param name="Why">In words.</param>
    public readonly record struct Refusal(int Index, LossReason Reason, string Why);

    private struct Row
    {
        public int Offset;
        public int Length;
        public int Origin;
        public RecordState State;
        public ulong Position;
    }
}
