using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.Envelopes;
using Loggregator.Protocol.Grpc;

namespace Loggregator.Client.Emit;

/// <summary>
/// Tells what an emitter lost: to its user by <see cref="EmitterOptions.OnLoss"/>, and to the agent as gap records. <see cref="Records"/> and
/// <see cref="Told"/> are the sender's; the rest is for any thread.
/// </summary>
internal sealed class EmitLosses : IDisposable
{
    private const int MaxSources = 1000; // with losses counted apart
    private const int MaxRecords = 500; // of one call
    private static readonly EmitLossReason[] Reasons = Enum.GetValues<EmitLossReason>();
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly EmitterOptions _options;
    private readonly Lock _telling = new();
    private readonly Dictionary<EmitLossReason, long> _told = [];
    private readonly ITimer? _timer;
    private EmitBatch? _records;
    private volatile string _failure = "";

    public EmitLosses(EmitterOptions options)
    {
        _options = options;
        _timer = options.OnLoss is null ? null : options.Clock.CreateTimer(static losses => ((EmitLosses)losses!).TellUser(), this, Period, Period);
    }

    /// <summary>Every loss, by source and reason.</summary>
    public LossTable Table { get; } = new(MaxSources);

    /// <summary>Why the agent was last not reached, in words; empty when it always was.</summary>
    public string Failure => _failure;

    /// <summary>Envelopes lost by reason, where any were.</summary>
    public Dictionary<EmitLossReason, long> Totals() =>
        Reasons.Select(reason => (reason, Table.Total((LossReason)reason))).Where(loss => loss.Item2 > 0).ToDictionary();

    /// <summary>The agent was not reached.</summary>
    public void Failed(string failure) => _failure = failure;

    /// <summary>Gap records of what is not told yet; null: there is nothing. They stay the next to be told until <see cref="Told"/>.</summary>
    public EmitBatch? Records()
    {
        if (_records is null && Table.HasPending)
        {
            var batch = new EmitBatch(-1);
            using var envelope = MessageBuffer.Rent(256);
            Table.Drain(loss =>
            {
                if (batch.Count >= MaxRecords)
                {
                    return false;
                }

                envelope.Clear();
                GapRecord.Write(
                    envelope, loss.SourceId.Span, loss.InstanceId.Span, (ulong)loss.Count, "client"u8, loss.Reason.Utf8(), loss.LastTimestamp, loss.UpperBound);
                batch.Add(envelope.Span);
                return true;
            });
            _records = batch;
        }

        return _records;
    }

    /// <summary>The agent has them.</summary>
    public void Told()
    {
        _records?.Dispose();
        _records = null;
    }

    /// <summary>Tells the user what is lost and was not told.</summary>
    public void TellUser()
    {
        lock (_telling)
        {
            foreach (var (reason, total) in Totals())
            {
                if (total - _told.GetValueOrDefault(reason) is > 0 and var lost)
                {
                    _told[reason] = total;
                    Call(new EmitLoss(reason, lost, _failure));
                }
            }
        }
    }

    /// <summary>When the sender has ended: tells the rest.</summary>
    public void Dispose()
    {
        _timer?.Dispose();
        TellUser();
        Told();
    }

    private void Call(EmitLoss loss)
    {
        try
        {
            _options.OnLoss?.Invoke(loss);
        }
        catch (Exception)
        {
            // Whatever the user's code throws must not end the sending.
        }
    }
}
