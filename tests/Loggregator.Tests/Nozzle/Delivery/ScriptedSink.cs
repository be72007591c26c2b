using Loggregator.Nozzle.Delivery;
using Loggregator.TestKit.Sinks;

namespace Loggregator.Tests.Nozzle.Delivery;

/// <summary>A sink whose answers a test gives; like a connection it handles batches one after the other. Keeps what was delivered, in order.</summary>
internal sealed class ScriptedSink(int inFlight, Func<RecordBatch, CancellationToken, Task<SinkAnswer>> answer) : ISink
{
    private readonly ResumePoint _resume = new();
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<NumberedLog> _delivered = [];

    public SinkLimits Limits { get; init; } = new(64 * 1024, 10, inFlight);

    public string? Trouble { get; set; }

    public int Attempts { get; private set; }

    public int MostInFlight { get; private set; }

    private int InFlight { get; set; }

    public IReadOnlyList<NumberedLog> Delivered
    {
        get
        {
            lock (_lock)
            {
                return [.. _delivered];
            }
        }
    }

    public async ValueTask<SinkAnswer> DeliverAsync(RecordBatch batch, CancellationToken cancel)
    {
        lock (_lock)
        {
            Attempts++;
            InFlight++;
            MostInFlight = Math.Max(MostInFlight, InFlight);
        }

        await _turn.WaitAsync(cancel);
        try
        {
            if (!_resume.Admits(batch))
            {
                return SinkAnswer.Retry("an earlier batch must go first");
            }

            var result = await answer(batch, cancel);
            lock (_lock)
            {
                if (result.Failure is not null)
                {
                    _resume.Failed(batch);
                }
                else
                {
                    for (var i = 0; i < batch.Count; i++)
                    {
                        _delivered.AddRange(batch.State(i) == RecordState.Pending ? NumberedLog.Find(System.Text.Encoding.UTF8.GetString(batch.Envelope(i))) : []);
                    }
                }
            }

            return result;
        }
        finally
        {
            _turn.Release();
            lock (_lock)
            {
                InFlight--;
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _turn.Dispose();
        return ValueTask.CompletedTask;
    }
}
