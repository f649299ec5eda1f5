"""A tool of LTI 1.3: PyLTI1p3 on flask, as its own pages show. It keeps nothing but a key it draws when it starts, and shows whom it
believes to have come, and whom the platform says are of the class.

usage: pylti1p3_tool.py PORT PLATFORM CLIENT_ID
"""

import datetime
import html
import json
import sys

import flask
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pylti1p3.contrib.flask import FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.exception import LtiException
from pylti1p3.grade import Grade
from pylti1p3.lineitem import LineItem
from pylti1p3.tool_config import ToolConfDict

port, platform, client_id = int(sys.argv[1]), sys.argv[2], sys.argv[3]
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
private = key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
public = key.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
).decode()
known = ToolConfDict({
    platform: {
        "default": True,
        "client_id": client_id,
        "auth_login_url": f"{platform}/oidc/authorize",
        "auth_token_url": f"{platform}/oidc/token",
        "key_set_url": f"{platform}/oidc/jwks",
        "deployment_ids": ["1"],
    }
})
known.set_private_key(platform, private)
known.set_public_key(platform, public)

site = flask.Flask(__name__)
site.secret_key = "a secret of the tests"


@site.route("/login/", methods=["GET", "POST"])
def login():
    request = FlaskRequest()
    # Whatever the link is, the answer comes to the one address that is registered.
    return FlaskOIDCLogin(request, known).redirect(f"http://localhost:{port}/launch/")


@site.route("/launch/", methods=["POST"])
def launch():
    try:
        message = FlaskMessageLaunch(FlaskRequest(), known)
        if message.is_deep_link_launch():
            return chosen(message)
        data = message.get_launch_data()
        told = {"launch": data, "teacher": message.check_teacher_access(), "members": None}
        if message.has_nrps():
            told["members"] = message.get_nrps().get_members()
        if message.has_ags() and message.check_student_access():
            told["marks"] = marked(message, data["sub"])
    except LtiException as error:
        told = {"refused": str(error)}
    return f"<!doctype html><title>tool</title><main>{html.escape(json.dumps(told), quote=False)}</main>"


def chosen(message):
    """The answer of a teacher who chooses the first lesson, which is worth twenty points."""
    lesson = DeepLinkResource()
    lesson.set_title("Leçon 1").set_url(f"http://localhost:{port}/launch/?lesson=1")
    lesson.set_custom_params({"lesson": "1"})
    lesson.set_lineitem(LineItem().set_label("Leçon 1").set_score_maximum(20))
    return message.get_deep_link().output_response_form([lesson])


def marked(message, user):
    """Gives whoever comes twelve and a half, and reads it again."""
    grade = Grade()
    grade.set_user_id(user).set_score_given(12.5).set_score_maximum(20)
    grade.set_timestamp(datetime.datetime.now(datetime.timezone.utc).isoformat())
    grade.set_activity_progress("Completed").set_grading_progress("FullyGraded")
    service = message.get_ags()
    service.put_grade(grade)
    return service.get_grades()


@site.route("/jwks/")
def keys():
    return flask.jsonify(known.get_jwks(platform, client_id))


site.run(host="127.0.0.1", port=port)
