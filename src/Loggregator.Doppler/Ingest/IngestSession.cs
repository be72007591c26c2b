using Google.Protobuf;
using Grpc.Core;
using Loggregator.Doppler.Ingress;
using Loggregator.Doppler.Lifetime;
using Loggregator.Pipeline.Flow;
using Loggregator.Pipeline.Log;
using Loggregator.Pipeline.Series;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;
using Loggregator.Protocol.Internal;
using Microsoft.Extensions.Logging;

namespace Loggregator.Doppler.Ingest;

/// <summary>
/// Step 5 of the spine for one lane of an agent of ours, which has validated and numbered its envelopes: reads their headers, drops batches
/// that are held already, appends, and answers with the highest number appended.
/// </summary>
internal sealed class IngestSession(
    EnvelopeLog log,
    SeriesStore series,
    DopplerIdentity identity,
    DopplerCounters counters,
    Draining draining,
    IngestLanes lanes,
    IngestPace pace,
    TimeProvider time,
    ILogger logger)
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(500);
    private readonly IntakeBatch _batch = new(log, series);
    private readonly AsyncSignal _due = new();
    private readonly IngestAnswer _answer = new();
    private IngestLane? _lane;
    private ulong _appended;
    private volatile bool _ended;
    private volatile bool _greeted;

    public async Task RunAsync(IAsyncStreamReader<MessageBuffer> batches, IServerStreamWriter<MessageBuffer> answers, ServerCallContext context)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, draining.EndOfAgents);
        await using var ended = end.Token.Register(_due.Set);
        await using var leaving = draining.Stopping.Register(_due.Set);
        var answering = AnswerAsync(answers, end.Token);
        try
        {
            while (await batches.MoveNext(end.Token))
            {
                using var message = batches.Current;
                Accept(message.Span);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            throw new RpcException(draining.EndOfAgents.IsCancellationRequested
                ? new Status(StatusCode.Unavailable, "The Doppler is stopping.")
                : new Status(StatusCode.Cancelled, "The agent went away."));
        }
        finally
        {
            _ended = true;
            _due.Set();
            await answering;
        }
    }

    private void Accept(ReadOnlySpan<byte> message)
    {
        if (!IngestBatchCodec.TryReadHeader(message, out var header))
        {
            throw Refuse("The message is not an IngestBatch: its bytes are malformed.");
        }

        if (header.HasHello)
        {
            Greet(WireRequest.Parse(IngestHello.Parser, header.Hello.Of(message)));
        }

        if (_lane is not { } lane)
        {
            throw Refuse("The first message of an Ingest stream has to greet.");
        }

        if (header.N != 0)
        {
            lock (lane.Gate)
            {
                if (lane.Holds(header.N))
                {
                    lane.Duplicates++;
                    Interlocked.Increment(ref counters.DuplicateBatches);
                    Interlocked.Add(ref counters.DuplicateEnvelopes, header.Records);
                }
                else
                {
                    Append(message, header.Records);
                    lane.Hold(header.N);
                }
            }

            Volatile.Write(ref _appended, Math.Max(_appended, header.N));
        }

        pace.Look();
        _due.Set();
    }

    private void Greet(IngestHello hello)
    {
        _lane = lanes.Open(hello.AgentId, hello.Epoch, hello.Lane);
        _greeted = true;
        Log.LaneOpened(logger, hello.AgentId, hello.Lane);
    }

    private void Append(ReadOnlySpan<byte> message, int count)
    {
        var records = new RecordReader(message);
        var invalid = 0;
        while (records.MoveNext())
        {
            if (RawEnvelope.TryReadHeader(records.Current, out var header))
            {
                _batch.AddRecord(message, records.RecordOffset, records.RecordLength, records.Current.Length, header);
            }
            else
            {
                invalid++;
            }
        }

        _batch.Append(message);
        Interlocked.Add(ref counters.Received, count);
        Interlocked.Add(ref counters.ReceivedBytes, message.Length);
        Interlocked.Increment(ref counters.Batches);
        if (invalid > 0)
        {
            Interlocked.Add(ref counters.Invalid, invalid);
        }
    }

    private RpcException Refuse(string reason)
    {
        Log.AgentRefused(logger, _lane is null ? "without name" : "with a lane", reason);
        return new RpcException(new Status(StatusCode.InvalidArgument, reason));
    }

    /// <summary>Answers at once after a pause, at intervals under load, and as heartbeat.</summary>
    private async Task AnswerAsync(IServerStreamWriter<MessageBuffer> answers, CancellationToken end)
    {
        using var pause = new Pause(time, _due);
        var last = 0L; // when the last answer was written; 0: there was none
        ulong told = 0;
        var toldLeaving = false;
        try
        {
            while (!end.IsCancellationRequested)
            {
                var leaves = draining.Stopping.IsCancellationRequested && !toldLeaving;
                var appended = Volatile.Read(ref _appended);
                var interval = leaves || _ended || last == 0 ? TimeSpan.Zero : appended > told ? pace.AnswerInterval : Heartbeat;
                var wait = interval - time.GetElapsedTime(last);
                var idle = _ended && appended == told;
                if (_greeted && !idle && wait <= TimeSpan.Zero)
                {
                    await WriteAsync(answers, appended, first: last == 0);
                    (last, told) = (time.GetTimestamp(), appended);
                    toldLeaving |= leaves;
                    continue;
                }

                if (_ended)
                {
                    return;
                }

                await pause.WaitAsync(_greeted ? wait : Heartbeat);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException or RpcException)
        {
            // The stream has ended under the answer: the reading side notices, too.
        }
    }

    private async Task WriteAsync(IServerStreamWriter<MessageBuffer> answers, ulong appended, bool first)
    {
        _answer.Appended = appended;
        _answer.GapMicros = pace.GapMicros;
        _answer.Leaving = draining.Stopping.IsCancellationRequested;
        _answer.DopplerId = first ? identity.Id : "";
        _answer.Incarnation = first ? identity.Incarnation : 0;
        _answer.Duplicates = _lane!.Duplicates;
        using var message = MessageBuffer.Rent(128);
        _answer.WriteTo(message);
        await answers.WriteAsync(message);
    }
}
