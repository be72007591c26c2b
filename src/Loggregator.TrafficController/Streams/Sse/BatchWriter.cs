using System.Text;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.TrafficController.Upstream;

namespace Loggregator.TrafficController.Streams.Sse;

/// <summary>
/// Writes envelopes as batch events. A page without gap records, for a client without an instance filter, is written from the JSON that
/// all clients share; of others each envelope is looked at.
/// </summary>
/// <param name="sse">Where to.</param>
/// <param name="instanceId">Only envelopes of this instance; null: of all.</param>
/// <param name="tellGap">Tells a gap record in a form of its own; false: it is an envelope like others.</param>
/// <param name="cursor">The position behind what has been written; null: events carry none.</param>
/// <param name="counters">The role's numbers.</param>
internal sealed class BatchWriter(
    SseWriter sse, string? instanceId, Func<StreamGap, bool> tellGap, Func<string?>? cursor, TrafficControllerCounters counters) : IDisposable
{
    private readonly byte[]? _instance = instanceId is null ? null : Encoding.UTF8.GetBytes(instanceId);
    private readonly MessageBuffer _json = MessageBuffer.Rent(4096);
    private bool _inBatch;

    /// <summary>Envelopes written, and not confirmed by a flush.</summary>
    public long Unconfirmed { get; private set; }

    /// <summary>Adds the envelopes of a page.</summary>
    public void Write(Page page)
    {
        if (page.Count == 0)
        {
            return; // all were copies
        }

        if (_instance is null && (page.Traits & PageTraits.GapRecords) == 0)
        {
            Begin();
            sse.Envelopes(page.Json);
            Unconfirmed += page.Deliveries;
            return;
        }

        var records = new RecordReader(page.Records);
        while (records.MoveNext())
        {
            Write(records.Current, page.Copies);
        }
    }

    /// <summary>Whether an envelope is of another instance than the client wants.</summary>
    public bool IsForeign(ReadOnlySpan<byte> envelope) =>
        _instance is not null && RawEnvelope.TryReadHeader(envelope, out var header) && !header.InstanceId.Of(envelope).SequenceEqual(_instance);

    /// <summary>Adds one envelope, if the client wants it.</summary>
    public void Write(ReadOnlySpan<byte> envelope, int copies)
    {
        if (IsForeign(envelope))
        {
            Interlocked.Add(ref counters.Filtered, copies);
            return;
        }

        if (RawEnvelope.TryReadHeader(envelope, out var header))
        {
            if (GapRecord.TryRead(envelope, header, out var gap) && tellGap(StreamGap.Of(gap)))
            {
                Unconfirmed += copies;
                return;
            }
        }

        Put(envelope, copies);
        Unconfirmed += copies;
    }

    /// <summary>Adds an envelope that was made here.</summary>
    public void WriteMade(ReadOnlySpan<byte> envelope) => Put(envelope, 1);

    /// <summary>Ends the batch event, if one is open.</summary>
    public void End()
    {
        if (_inBatch)
        {
            _inBatch = false;
            sse.EndBatch(cursor?.Invoke());
        }
    }

    /// <summary>The client has taken what was written.</summary>
    public void Confirm()
    {
        Interlocked.Add(ref counters.Written, Unconfirmed);
        Unconfirmed = 0;
    }

    public void Dispose() => _json.Dispose();

    private void Put(ReadOnlySpan<byte> envelope, int copies)
    {
        Begin();
        _json.Clear();
        EnvelopeForms.WriteJson(_json, envelope);
        for (var copy = 0; copy < copies; copy++)
        {
            sse.Envelopes(_json.Span);
        }
    }

    private void Begin()
    {
        if (!_inBatch)
        {
            _inBatch = true;
            sse.BeginBatch();
        }
    }
}
