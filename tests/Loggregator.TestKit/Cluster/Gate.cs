namespace Loggregator.TestKit.Cluster;

/// <summary>A gate that a reader passes before each read; a test closes it to make the reader stop reading.</summary>
public sealed class Gate
{
    private volatile TaskCompletionSource? _closed;

    /// <summary>Closes it.</summary>
    public void Close() => _closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Opens it.</summary>
    public void Open() => Interlocked.Exchange(ref _closed, null)?.SetResult();

    /// <summary>Completes while it is open.</summary>
    public Task PassAsync(CancellationToken cancel) => _closed?.Task.WaitAsync(cancel) ?? Task.CompletedTask;
}
