using Loggregator.Doppler;
using Xunit;

namespace Loggregator.IntegrationTests.Doppler;

/// <summary>A test on a Doppler of its own; after it, what went in and what was matched adds up.</summary>
/// <param name="change">Of the host's options.</param>
public abstract class DopplerTest(Action<DopplerOptions>? change = null) : IAsyncLifetime
{
    private protected DopplerHost _doppler = null!;

    public virtual async ValueTask InitializeAsync() => _doppler = await DopplerHost.StartAsync(change);

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _doppler.AssertConservationAsync();
        await _doppler.DisposeAsync();
    }
}
