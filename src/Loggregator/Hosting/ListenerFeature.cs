namespace Loggregator.Hosting;

/// <summary>Connection feature: through which port a request came in.</summary>
internal sealed record ListenerFeature(Listener Listener);
