namespace Loggregator.Hosting;

/// <summary>A port that a role asks for.</summary>
/// <param name="Key">The configuration key of its address, for messages.</param>
/// <param name="Address">Where to listen.</param>
/// <param name="Kind">What it speaks.</param>
/// <param name="OpenAccess">For HTTP: the operator said that it may be reached from elsewhere without access control.</param>
internal sealed record Port(string Key, string Address, ListenerKind Kind, bool OpenAccess = false)
{
    /// <summary>Takes every request of this port in place of the role's endpoints; null: these answer.</summary>
    public Func<IServiceProvider, RequestDelegate>? Serve { get; init; }
}
