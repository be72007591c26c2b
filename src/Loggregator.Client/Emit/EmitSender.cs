using Grpc.Core;
using Loggregator.Client.Connect;
using Loggregator.Client.Consume;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Client.Emit;

/// <summary>
/// Sends what an <see cref="EmitQueue"/> holds. One batch travels at a time and is answered, so what counts as sent is in the agent's ring and order
/// holds. A batch that did not get through is sent again, with growing pauses.
/// </summary>
internal sealed class EmitSender(CallInvoker agent, EmitterOptions options, EmitQueue queue, EmitLosses losses, AsyncSignal work)
{
    /// <summary>How this library is named in gap records.</summary>
    public const string Hop = "client";

    private const int DoubtfulAttempts = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private long _sent;

    /// <summary>Envelopes that the agent has confirmed.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Runs until the queue has ended and is empty. What is held when <paramref name="abort"/> comes is lost.</summary>
    public async Task RunAsync(CancellationToken abort)
    {
        using var gathering = new Pause(options.Clock, work);
        while (true)
        {
            var ending = queue.Ending; // read first: once it is set nothing is added, so an empty queue stays empty
            if (queue.HasWork)
            {
                await GatherAsync(gathering).ConfigureAwait(false);
                if (queue.Take() is { } batch)
                {
                    var lost = await SendAsync(batch, abort).ConfigureAwait(false);
                    Interlocked.Add(ref _sent, lost is null ? batch.Count : 0);
                    queue.Finish(batch, lost);
                }
            }

            await TellAsync(abort).ConfigureAwait(false);
            if (!queue.HasWork)
            {
                if (ending)
                {
                    break;
                }

                await work.WaitAsync().ConfigureAwait(false);
            }
        }

        queue.End();
    }

    private async ValueTask GatherAsync(Pause gathering)
    {
        if (options.BatchDelay == TimeSpan.Zero)
        {
            return;
        }

        var started = options.Clock.GetTimestamp();
        while (!queue.Urgent && options.BatchDelay - options.Clock.GetElapsedTime(started) is { Ticks: > 0 } rest)
        {
            await gathering.WaitAsync(rest).ConfigureAwait(false);
        }
    }

    /// <summary>Why the batch was lost; null: it was not.</summary>
    private async ValueTask<LossReason?> SendAsync(EmitBatch batch, CancellationToken abort)
    {
        var started = options.Clock.GetTimestamp();
        var backoff = new Backoff(FirstPause, LongestPause);
        for (var attempt = 1; ; attempt++)
        {
            if (abort.IsCancellationRequested)
            {
                return LossReason.Shutdown;
            }

            try
            {
                await CallAsync(batch, abort).ConfigureAwait(false);
                return null;
            }
            catch (RpcException e)
            {
                losses.Failed(PeerFailure.Text(e));
                var pause = backoff.Next();
                if (Verdict(e.StatusCode, attempt, options.Clock.GetElapsedTime(started) + pause) is { } lost)
                {
                    return abort.IsCancellationRequested ? LossReason.Shutdown : lost;
                }

                await Task.Delay(pause, options.Clock, abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private LossReason? Verdict(StatusCode status, int attempt, TimeSpan tried) => status switch
    {
        StatusCode.Unavailable => options.RetryFor != Timeout.InfiniteTimeSpan && tried > options.RetryFor ? LossReason.PeerGone : null,
        StatusCode.Unknown or StatusCode.Internal or StatusCode.Cancelled or StatusCode.DeadlineExceeded or StatusCode.Aborted or StatusCode.ResourceExhausted =>
            attempt >= DoubtfulAttempts ? LossReason.Unconfirmed : null,
        _ => LossReason.Forbidden,
    };

    private async Task CallAsync(EmitBatch batch, CancellationToken abort)
    {
        using var call = agent.AsyncUnaryCall(EmitBatch.Send, null, new CallOptions(cancellationToken: abort), batch);
        (await call.ResponseAsync.ConfigureAwait(false)).Dispose();
    }

    // One attempt: what does not get through is told with the next losses.
    private async ValueTask TellAsync(CancellationToken abort)
    {
        try
        {
            while (options.TellLosses && !abort.IsCancellationRequested && losses.Records() is { } records)
            {
                await CallAsync(records, abort).ConfigureAwait(false);
                losses.Told();
            }
        }
        catch (RpcException e)
        {
            losses.Failed(PeerFailure.Text(e));
        }
    }
}
