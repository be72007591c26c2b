using Loggregator.Client.Connect;
using Loggregator.Pipeline.Flow;

namespace Loggregator.Agent.Forwarding;

/// <summary>Whether a lane's link is writing, and why it broke; every change sets the lane's signal. Writes one at a time, reports from any thread.</summary>
internal sealed class LinkStatus(AsyncSignal signal)
{
    private volatile bool _busy;
    private volatile string? _failure;

    /// <summary>A write is under way.</summary>
    public bool Busy => _busy;

    /// <summary>Why it broke; null while it holds.</summary>
    public string? Failure => _failure;

    /// <summary>Does one write; the task it returns never fails.</summary>
    public async Task WriteAsync(Func<Task> write)
    {
        _busy = true;
        try
        {
            await write();
        }
        catch (Exception exception) when (LinkFailure.Is(exception))
        {
            _failure ??= PeerFailure.Text(exception);
        }

        _busy = false;
        signal.Set();
    }

    /// <summary>It has ended, or broken, for this reason; null: in good order.</summary>
    public void End(string? reason)
    {
        _failure ??= reason;
        signal.Set();
    }
}
