namespace Loggregator.PromQl.Scripts;

/// <summary>A result is not the expected one.</summary>
internal sealed class MismatchException(string expected, string got) : Exception
{
    public string Expected => expected;

    public string Got => got;
}
