using System.Globalization;
using Loggregator.Client;
using Loggregator.TestKit.Cluster;
using Xunit;

namespace Loggregator.IntegrationTests.Client;

/// <summary>Reads a stream until it is disposed, and keeps what came.</summary>
internal sealed class Reading : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<StreamItem> _items = [];
    private readonly Task _reading;

    public Reading(IAsyncEnumerable<StreamItem> stream) => _reading = Task.Run(() => ReadAsync(stream));

    public int Count<T>()
        where T : StreamItem
    {
        lock (_lock)
        {
            return _items.OfType<T>().Count();
        }
    }

    /// <summary>The numbers of a source's lines, as they came.</summary>
    public IReadOnlyList<long> Numbers(string source)
    {
        lock (_lock)
        {
            return [.. _items.OfType<LogEnvelope>().Where(log => log.SourceId == source).Select(log => long.Parse(log.Text, CultureInfo.InvariantCulture))];
        }
    }

    public Task UntilAsync(Func<bool> reached, string what) => Deadline.UntilAsync(
        () => reached() || _reading.IsFaulted,
        () => $"{what}; came: {Count<Envelope>()} envelopes, {Count<StreamGap>()} gaps, {Count<StreamDisconnected>()} breaks; {_reading.Exception?.Message}",
        TestContext.Current.CancellationToken,
        TimeSpan.FromSeconds(30));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAny(_reading);
        _stop.Dispose();
    }

    private async Task ReadAsync(IAsyncEnumerable<StreamItem> stream)
    {
        await foreach (var item in stream.WithCancellation(_stop.Token))
        {
            lock (_lock)
            {
                _items.Add(item);
            }
        }
    }
}
