using System.Collections.Concurrent;
using Grpc.Core;

namespace Loggregator.TestKit.Cluster;

/// <summary>Sends a few lines of each source again and again until it is stopped, and knows how many of each were accepted.</summary>
public sealed class SteadyLoad : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<string, long> _accepted = new();
    private readonly Producer _producer;
    private readonly Task _sending;

    /// <summary>Starts to send.</summary>
    public SteadyLoad(Producer producer, IReadOnlyList<string> sources, int linesPerRound = 5, int bytes = 0)
    {
        _producer = producer;
        _sending = Task.Run(() => SendAsync(sources, linesPerRound, bytes));
    }

    /// <summary>Why it ended by itself; null when it did not.</summary>
    public RpcException? Failure { get; private set; }

    /// <summary>Lines accepted.</summary>
    public long Total => _accepted.Values.Sum();

    /// <summary>Lines of a source that were accepted: 0 … this-1.</summary>
    public long Accepted(string source) => _accepted.GetValueOrDefault(source);

    /// <summary>Waits until so many more lines are accepted.</summary>
    public async Task MoreAsync(int lines, CancellationToken cancel)
    {
        var target = Total + lines;
        await Deadline.UntilAsync(() => Total >= target || Failure is not null, () => $"{target} lines accepted, {Total} are", cancel);
    }

    /// <summary>Ends it between two rounds.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _sending;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task SendAsync(IReadOnlyList<string> sources, int linesPerRound, int bytes)
    {
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                var batch = sources.SelectMany(source => Numbered.Lines(source, Accepted(source), linesPerRound, bytes: bytes)).ToList();
                await _producer.SendAsync(batch, CancellationToken.None, perBatch: batch.Count);
                foreach (var source in sources)
                {
                    _accepted[source] = Accepted(source) + linesPerRound;
                }

                await Task.Delay(Pause, TimeProvider.System);
            }
        }
        catch (RpcException e)
        {
            Failure = e;
        }
    }
}
