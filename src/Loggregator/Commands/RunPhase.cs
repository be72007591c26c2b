namespace Loggregator.Commands;

/// <summary>How far a process that runs roles has come.</summary>
internal enum RunPhase
{
    /// <summary>The ports are bound, nothing runs yet.</summary>
    Planned,

    /// <summary>All roles run.</summary>
    Running,

    /// <summary>It was asked to stop and begins to drain.</summary>
    Stopping,
}
