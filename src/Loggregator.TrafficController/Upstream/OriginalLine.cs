using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Loggregator.Client.Connect;
using Loggregator.Client.Consume;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.V2;
using Microsoft.Extensions.Logging;

namespace Loggregator.TrafficController.Upstream;

/// <summary>
/// One stream at an original Doppler, <c>BatchedReceiver</c> or for version 1 <c>BatchSubscribe</c>, for all streams of the same unsharded
/// selectors or for one sharded stream. Made again until it is disposed, with pauses that grow unless it lasted. It never waits for a
/// client: each has a ring.
/// </summary>
internal sealed class OriginalLine(string address, GrpcChannel channel, StreamRequest request, TrafficControllerCounters counters, TimeProvider time, ILogger log)
    : IDisposable
{
    private readonly Lock _gate = new(); // guards the members; streams' own locks are taken inside
    private readonly List<OriginalMembership> _members = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Page> _dropped = [];
    private Task _loop = Task.CompletedTask;

    public StreamRequest Request => request;

    public void Start() => _loop = RunAsync();

    public void Add(OriginalMembership member)
    {
        lock (_gate)
        {
            _members.Add(member);
        }
    }

    /// <summary>Takes a member out; true when it was the last one, and then the loop ends.</summary>
    public bool Remove(OriginalMembership member)
    {
        lock (_gate)
        {
            _members.Remove(member);
            if (_members.Count > 0)
            {
                return false;
            }
        }

        _stop.Cancel();
        return true;
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    public void Dispose() => _stop.Dispose();

    private async Task RunAsync()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
        var told = false;
        await Task.Yield();
        while (!_stop.IsCancellationRequested)
        {
            var attached = false;
            var began = time.GetTimestamp();
            string reason;
            try
            {
                using var message = Ask();
                using var call = channel.CreateCallInvoker().AsyncServerStreamingCall(
                    request.V1 is null ? RawMethods.BatchedReceiver : RawMethods.BatchSubscribe, null, new CallOptions(cancellationToken: _stop.Token), message);
                while (await call.ResponseStream.MoveNext(_stop.Token))
                {
                    using var batch = call.ResponseStream.Current;
                    if (!attached)
                    {
                        attached = true;
                        Interlocked.Increment(ref counters.DopplerConnects);
                    }

                    told = false;
                    Take(batch);
                }

                reason = "it ended the stream";
            }
            catch (Exception e) when (e is RpcException or IOException or HttpRequestException or OperationCanceledException or ObjectDisposedException)
            {
                reason = PeerFailure.Text(e);
            }

            Interlocked.Add(ref counters.DopplerDisconnects, attached ? 1 : 0);
            backoff.ResetAfter(time.GetElapsedTime(began));
            if (_stop.IsCancellationRequested)
            {
                break;
            }

            if (!told)
            {
                told = true;
                Log.OriginalLost(log, address, reason);
            }

            await Task.Delay(backoff.Next(), time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private MessageBuffer Ask()
    {
        if (request.V1 is { } filter)
        {
            return filter.Ask(request.ShardId);
        }

        var ask = new EgressBatchRequest { ShardId = request.ShardId, DeterministicName = request.DeterministicName, UsePreferredTags = true };
        ask.Selectors.AddRange(request.Selectors);
        var message = MessageBuffer.Rent(ask.CalculateSize());
        ask.WriteTo(message);
        return message;
    }

    // The first of our tiers that sees these bytes: an invalid envelope is dropped alone, and splits the batch. Those of version 1 go to
    // their readers as they are, as in the original.
    private void Take(MessageBuffer batch)
    {
        var records = new RecordReader(batch.Span);
        int start = 0, end = 0, count = 0;
        while (records.MoveNext())
        {
            var valid = request.V1 is not null || RawEnvelope.TryRead(records.Current, out _);
            if (!valid)
            {
                Interlocked.Increment(ref counters.Invalid);
            }

            if (count > 0 && (!valid || records.RecordOffset != end))
            {
                HandOver(new DopplerRun(batch, start, end - start, count, 1));
                count = 0;
            }

            if (valid)
            {
                start = count == 0 ? records.RecordOffset : start;
                end = records.RecordOffset + records.RecordLength;
                count++;
            }
        }

        if (count > 0)
        {
            HandOver(new DopplerRun(batch, start, end - start, count, 1));
        }
    }

    private void HandOver(in DopplerRun run)
    {
        lock (_gate)
        {
            if (_members.Count == 0)
            {
                return;
            }

            var page = Page.Of(run, null, _members.Count);
            foreach (var member in _members)
            {
                member.Stream.CountMatched(page);
                member.Enqueue(page, _dropped);
                foreach (var dropped in _dropped)
                {
                    Drop(member.Stream, dropped);
                }

                _dropped.Clear();
            }
        }
    }

    private void Drop(EnvelopeStream stream, Page page)
    {
        Interlocked.Add(ref counters.Held, -page.Deliveries);
        Interlocked.Add(ref counters.DroppedSlowConsumer, page.Deliveries);
        if (request.V1 is { } filter)
        {
            stream.AddGap(filter.AppId, LossReason.SlowConsumer, (ulong)page.Deliveries);
            page.Release();
            return;
        }

        var records = new RecordReader(page.Records);
        while (records.MoveNext())
        {
            if (RawEnvelope.TryReadHeader(records.Current, out var header))
            {
                stream.AddGap(records.Current, header, LossReason.SlowConsumer, 1);
            }
        }

        page.Release();
    }
}
