namespace Loggregator.Nozzle.Spool.Files;

/// <summary>What the errors of a disk mean.</summary>
internal static class DiskFault
{
    /// <summary><c>ENOSPC</c>; .NET keeps the number of the system in <see cref="Exception.HResult"/>.</summary>
    public const int NoSpace = 28;

    /// <summary><c>EAGAIN</c>, which a lock gives that somebody else holds.</summary>
    public const int Locked = 11;

    private const int WindowsSharingViolation = unchecked((int)0x80070020);
    private const int QuotaExceeded = 122, WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>Whether it comes from the disk at all.</summary>
    public static bool Is(Exception error) => error is IOException or UnauthorizedAccessException;

    /// <summary>Another process has it.</summary>
    public static bool IsInUse(IOException error) => error.HResult is Locked or WindowsSharingViolation;

    /// <summary>No space left, or the quota is used up.</summary>
    public static bool IsFull(Exception error) => error is IOException && error.HResult is NoSpace or QuotaExceeded or WindowsDiskFull;
}
