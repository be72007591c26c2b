namespace Loggregator.TrafficController.Prometheus;

/// <summary>Why a request is not served, in Prometheus' words.</summary>
internal enum ApiErrorType
{
    /// <summary><c>bad_data</c>: the parameters are wrong.</summary>
    BadData,

    /// <summary><c>execution</c>: the query could not be evaluated.</summary>
    Execution,

    /// <summary><c>timeout</c>: it took too long.</summary>
    Timeout,

    /// <summary><c>canceled</c>: the caller gave up.</summary>
    Canceled,

    /// <summary><c>unavailable</c>: no Doppler answers, or there are too many queries.</summary>
    Unavailable,

    /// <summary><c>not_found</c>: there is no such path.</summary>
    NotFound,

    /// <summary><c>bad_data</c> too: the path is there, the method is not.</summary>
    MethodNotAllowed,
}
